"""An examination in words: sentences for each section, and tables of plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

__all__ = ["full", "screen", "sentences"]

_LONG = 20
_NOT_PRINTED = {"reliability", "strengths"}
_WORST = 3
_FAR = 5  # points off, from where on a law is not to be believed
_ODD = 3

_TOLD = {"doubts"}

Rows = Sequence[Mapping[str, Any]]
Tables = Mapping[str, Rows]


def screen(document: Mapping[str, Any]) -> str:
    """Return what fits a screen: the sentences of each section.

    Args:
        document: as :meth:`empirical.analysis.examine.examination.Examination.to_dict` returns it.
    """
    return "\n".join(_lines(document, tables=False))


def full(document: Mapping[str, Any]) -> str:
    """Return the sentences and the tables of each section; of long tables the first rows."""
    return "\n".join(_lines(document, tables=True))


def sentences(section: int, document: Mapping[str, Any]) -> list[str]:
    """Return what a section says, in sentences."""
    write = _SENTENCES.get(section)
    return (
        []
        if write is None
        else list(write(document["about"], {name: t["rows"] for name, t in document["tables"].items()}))
    )


def title(about: Mapping[str, Any]) -> str:
    """Return what was examined, in one line."""
    parts = [f"{about['classes']} classes"]
    parts += [f"{about['images']:,} held-out images"] if "images" in about else []
    parts += [f"{about['dimension']} features"] if "dimension" in about else []
    parts += [f"imbalance {about['imbalance']:.4g}"] if "imbalance" in about else []
    return ", ".join(parts)


def _lines(document: Mapping[str, Any], tables: bool) -> Iterator[str]:
    yield f"Examination: {title(document['about'])}"
    if "mapped_by" in document["about"]:
        about = document["about"]
        numbers = f"mean {about['mean']}, std {about['std']} ({about['normalisation']})"
        held_in = f" of {about['held_in']}" if "held_in" in about else ""
        mapped = f"{len(about['mapped'])} tensors{held_in} mapped by {about['mapped_by']}"
        yield f"{about['checkpoint']} as {about['arch']}: {mapped};"
        yield f"images of {about['data']} normalised with {numbers}"
    if "run" in document["about"]:
        about = document["about"]
        yield f"run {about['run']}: {about['method']} with {about['arch']} on {about['data']}"
    lacking: dict[int, list[str]] = {}
    for row in document["tables"].get("missing", {"rows": []})["rows"]:
        lacking.setdefault(row["section"], []).append(f"Needs {row['needs']}: {row['adds']}.")
    for section, name in ((int(key), name) for key, name in document["sections"].items()):
        yield f"{section}. {name}"
        for sentence in (*sentences(section, document), *lacking.get(section, [])):
            yield f"   {sentence}"
        for key, table in document["tables"].items() if tables else ():
            if table["section"] == section and key not in _NOT_PRINTED:
                yield ""
                yield f"   {table['title']}"
                yield from (f"   {line}" for line in _table(table["rows"], key))
                yield ""


def _table(rows: Rows, name: str) -> Iterator[str]:
    """Yield rows as aligned lines; of many the first, and how many more there are."""
    columns = [column for column in rows[0] if column not in _TOLD and any(row[column] is not None for row in rows)]
    cells = [columns] + [[_cell(row[column]) for column in columns] for row in rows[:_LONG]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        yield "  ".join(map(str.rjust, line, widths))
    if len(rows) > _LONG:
        yield f"... {len(rows) - _LONG} further rows in the table {name}"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _interval(row: Mapping[str, Any], of: str, low: str = "low", high: str = "high", unit: str = " %") -> str:
    """Return a number with its interval.

    Example:
        >>> _interval({"recall": 50.0, "low": 40.0, "high": 60.04}, "recall")
        '50.0 % (40.0 to 60.0)'
    """
    return f"{row[of]:.1f}{unit} ({row[low]:.1f} to {row[high]:.1f})"


def _accuracy(about: Mapping[str, Any], tables: Tables) -> Iterator[str]:
    if "accuracy" not in tables:
        return
    by = {row["of"]: row for row in tables["accuracy"]}
    line = f"Accuracy {_interval(by['all images'], 'accuracy')}"
    if abs(by["all images"]["accuracy"] - by["mean over classes"]["accuracy"]) > 1e-9:
        line += f", mean over the classes {_interval(by['mean over classes'], 'accuracy')}"
    names = [name for name in ("many", "medium", "few") if name in by]
    line += "".join(f"; {name} {_interval(by[name], 'accuracy')}" for name in names) + "."
    yield line
    worst = sorted(tables["classes"], key=lambda row: row["recall"])[:_WORST]
    yield "Lowest recalls: " + "; ".join(_class(row) for row in worst) + "."
    for row in tables["calibration"]:
        side = "over" if row["confidence"] > row["accuracy"] else "under"
        error = _interval(row, "ece", "ece_low", "ece_high")
        yield (
            f"Calibration under the {row['prior']} prior: expected error {error}, "
            f"{side}confident by {abs(row['confidence'] - row['accuracy']):.1f} points; NLL {row['nll']:.3f}."
        )


def _class(row: Mapping[str, Any]) -> str:
    """Return a class with its recall, its images and what it is taken for."""
    images = "" if row["count"] is None else f" ({_number_of_images(row['count'], 'training ')})"
    taken = "" if row["taken_for"] is None else f", {row['taken_share']:.1f} % taken for {row['taken_for']}"
    return f"{row['name']}{images} {row['recall']:.1f} %{taken}"


def _gap(about: Mapping[str, Any], tables: Tables) -> Iterator[str]:
    if "gap" in tables:
        whole, *parts = tables["gap"]
        found = ", ".join(f"{row['part']} {_interval(row, 'points', unit='')}" for row in parts)
        yield f"Frequent half minus rare half: {_interval(whole, 'points', unit=' points')}: {found}."
    if "norm_std_100" in about:
        line = f"Norms of the rows of the weight: 100 x standard deviation {about['norm_std_100']:.1f}"
        if "norm_correlation" in about:
            line += f", correlation with the logarithm of the counts {about['norm_correlation']:.2f}"
        yield line + "."
    if len({row["count"] for row in tables.get("parts", ())} - {None}) == 1:
        yield "All classes have as many training images: none is frequent or rare."


def _similarity(about: Mapping[str, Any], tables: Tables) -> Iterator[str]:
    losses = tables.get("losses", ())
    if losses:
        mean = {key: _mean([row[key] for row in losses]) for key in ("similarity", "number")}
        line = f"Mean over the classes: {mean['similarity']:.1f} points are lost to similar classes at balance, "
        line += f"{mean['number']:.1f} further ones to the number of images"
        if losses[0]["beyond"] is not None:
            beyond = _mean([row["beyond"] for row in losses])
            line += f"; beyond theory the network {'loses' if beyond >= 0 else 'wins'} {abs(beyond):.1f}"
        yield line + "."
        worst = sorted(losses, key=lambda row: row["predicted"] if row["recall"] is None else row["recall"])[:_WORST]
        for row in worst:
            further = "" if row["beyond"] is None else f", beyond theory {row['beyond']:.1f}"
            yield f"{row['name']}: similarity {row['similarity']:.1f}, number {row['number']:.1f}{further} points lost."
    rows = tables.get("rivals", ())
    if rows:
        near = min(rows, key=lambda row: row["separation"])
        ends = f"{near['separation_low']:.2f} to {near['separation_high']:.2f}"
        yield f"Most similar: {near['name']} and {near['rival']}, separation {near['separation']:.2f} ({ends})."
    shares = [row for row in rows if row["number_share"] is not None]
    if shares:
        pair = min(shares, key=lambda row: row["predicted"])
        yield (
            f"Worst pair at these counts: {pair['name']} against {pair['rival']}, recall {pair['balanced']:.1f} % "
            f"at balance and {pair['predicted']:.1f} % at {pair['count']} to {pair['rival_count']} images; number "
            f"has {pair['number_share']:.0f} % of the drop ({pair['share_low']:.0f} to {pair['share_high']:.0f})."
        )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _corrections(about: Mapping[str, Any], tables: Tables) -> Iterator[str]:
    rows = tables.get("corrections", ())
    for row in rows[1:]:
        taus = list(dict.fromkeys(f"{row[key]:.2g}" for key in ("tau", "tau_2") if row[key] is not None))
        tau = f", tau {' and '.join(taus)}" if taus else ""
        chosen = "" if row["chosen_by"] == "nothing" else f" ({row['chosen_by']}{tau})"
        gain = _interval(row, "gain", "gain_low", "gain_high", unit=" points")
        yield f"{row['correction']}{chosen}: {row['accuracy']:.1f} %, {_signed(gain)}."
        if row["doubts"]:
            yield f"   In doubt: {row['doubts']}."
    for name in dict.fromkeys(row["correction"] for row in tables.get("strengths", ())):
        swept = [row for row in tables["strengths"] if row["correction"] == name]
        best = max(swept, key=lambda row: (round(row["accuracy"], 9), -abs(row["tau"])))
        found = f"{best['accuracy']:.2f} % at tau {best['tau']:.1f}"
        yield f"Best {name} on the images that judge it, for comparison: {found}."


def _images(about: Mapping[str, Any], tables: Tables) -> Iterator[str]:
    rows = tables.get("images", ())
    if not rows:
        return
    best = max(rows, key=lambda row: row["gain_mean"] / row["more"])
    yield (
        f"An image more is worth most in {best['name']}: {best['more']} more ({best['count']} now) add "
        f"{best['gain']:.1f} points to its recall, {best['gain_mean']:.2f} to the mean over the classes."
    )
    below = sorted((row for row in rows if not row["reached"]), key=lambda row: row["predicted"])
    for row in below[:_WORST]:
        yield (
            f"{row['wanted']:.0f} % in {row['name']} (theory: {row['predicted']:.1f} % now, with "
            f"{_number_of_images(row['count'])}) takes {_needed(row['needed'])} "
            f"({_needed(row['needed_low'])} to {_needed(row['needed_high'])})."
        )
    yield "That is for a last layer trained anew on these features, the other counts kept."


def _number_of_images(count: int, kind: str = "") -> str:
    return f"{count} {kind}image{'' if count == 1 else 's'}"


def _needed(value: int | None) -> str:
    return "over a million" if value is None else f"{value:,}"


def _fit(about: Mapping[str, Any], tables: Tables) -> Iterator[str]:
    rows = tables.get("fit", ())
    for law in dict.fromkeys(row["law"] for row in rows):
        found = [row for row in rows if row["law"] == law]
        errors = ", ".join(f"{row['error']:.1f} at imbalance {row['imbalance']}" for row in found)
        yield f"{law[0].upper()}{law[1:]}: points off on average: {errors}."
    beyond = [row for row in rows if row["error"] > _FAR]
    if beyond:
        named = ", ".join(f"{row['law']} at imbalance {row['imbalance']}" for row in beyond)
        yield f"Not to be believed, more than {_FAR} points off: {named}."
    odd = [row for row in tables.get("normality", ()) if abs(row["departure"]) > _ODD]
    if odd:
        named = ", ".join(f"{row['name']} ({row['departure']:+.1f})" for row in odd[:_LONG])
        yield f"A normal law misses the recall at balance by more than {_ODD} points of: {named}."
    elif "normality" in tables:
        yield f"A normal law gives the recall of every class at balance to within {_ODD} points."


def _signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


_SENTENCES: Mapping[int, Callable[[Mapping[str, Any], Tables], Iterator[str]]] = {
    1: _accuracy,
    2: _gap,
    3: _similarity,
    4: _corrections,
    5: _images,
    6: _fit,
}
