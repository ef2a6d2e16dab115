"""A table says how its runs were computed, all of their epochs."""

from empirical.storage.provenance import training


def _result(*precisions):
    executions = [{"from_epoch": epoch, "device": "cpu", "precision": p} for epoch, p in enumerate(precisions)]
    last = {"device": "cpu", "precision": precisions[-1], "versions": {"torch": "2.14.1"}, "seconds": 1.0}
    return last | {"executions": executions}


def test_a_run_in_two_precisions_is_not_taken_for_one_in_the_last():
    results = [_result("bfloat16", "float32"), _result("float32"), _result("float32", "float32"), None]
    made = training(results)
    assert made["precision"] == {"bfloat16, then float32": 1, "float32": 2}
    assert (made["device"], made["missing"]) == ({"cpu": 3}, 1)
