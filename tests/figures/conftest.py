"""What the tests of figures share."""

import pytest


@pytest.fixture(scope="session")
def assert_inside():
    """Return a function that asserts that nothing of a figure is cut off."""

    def inside(fig):
        fig.draw_without_rendering()
        for part in [*fig.axes, *fig.legends]:
            box = part.get_tightbbox()
            assert fig.bbox.x0 <= box.x0 < box.x1 <= fig.bbox.x1
            assert fig.bbox.y0 <= box.y0 < box.y1 <= fig.bbox.y1

    return inside
