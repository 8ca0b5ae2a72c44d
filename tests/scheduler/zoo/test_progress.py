import io

from argusd.scheduler.zoo.progress import PullProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_steps_are_plain_lines_where_nobody_watches() -> None:
    stream = io.StringIO()

    with PullProgress(2, stream) as progress:
        progress.begin("fetching p")
        progress.begin("importing m")

    assert stream.getvalue() == "[1/2] fetching p\n[2/2] importing m\n"


def test_steps_are_a_bar_on_a_terminal() -> None:
    stream = Terminal()

    with PullProgress(2, stream) as progress:
        progress.begin("fetching p")
        progress.arrived(12_345_678)
        progress.begin("importing m")

    assert "12 MB" in stream.getvalue()
    assert "importing m:  50%" in stream.getvalue()
    assert "1/2" in stream.getvalue()
