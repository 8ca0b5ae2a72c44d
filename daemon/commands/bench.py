"""``argusd bench NAME``: one benchmark of ``benchmarks/``, its figures printed and kept."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from argusd.benchmarks.harness import NotMeasurable, Result, load_json, save_json, show
from argusd.scheduler.contract.names import did_you_mean

from ..arguments import addresses, amount, existing, new_file, number_from_0, path, whole, wholes, words
from ..errors import UsageInvalid

BENCHMARKS = (
    "ingest",
    "loss",
    "ring",
    "batching",
    "overload",
    "admission",
    "voice",
    "loop",
    "bursts",
    "gates",
    "tasks",
    "live",
    "memory",
    "evidence",
    "cluster",
    "soak",
    "gpu",
    "accuracy",
    "ab",
)
REPORT, ALL = "report", "all"
HELP = {"bench": "run a benchmark"}


class Option(NamedTuple):
    """An option of some benchmarks: a keyword of their ``main``; without a ``type`` a switch."""

    benchmarks: tuple[str, ...]
    type: Callable[[str], Any] | None
    help: str


OPTIONS = {
    "hours": Option(("soak",), amount, "how long it goes on (default: 1)"),
    "rivals": Option(("tasks", "live"), words, "beside us: NAME,NAME (default: all that are made)"),
    "rounds": Option(
        ("tasks", "live", "ingest", "evidence", "ab"), whole(1), "how often everybody has a turn"
    ),
    "seconds": Option(("tasks", "live"), amount, "how long a turn is"),
    "callers": Option(("tasks",), wholes, "how many ask at the same time: N,N (default: 1,4,16)"),
    "tasks": Option(("tasks",), words, "which: NAME,NAME (default: face_embed,video_room_scan)"),
    "numbers": Option(("live",), wholes, "how many sessions: N,N"),
    "mixes": Option(("admission",), words, "what sessions want: all,face,audio"),
    "models": Option(("gpu",), existing, "the folder with the models' ONNX files (default: the model cache)"),
    "labels": Option(
        ("accuracy",), existing, "the folder of media with their labels.csv, or the file itself"
    ),
    "only": Option(("accuracy",), words, "parts of it: PART,PART (default: all)"),
    "url": Option(("accuracy",), addresses, "the daemon to ask (default: one that is started for it)"),
    "minutes": Option(("accuracy",), amount, "of calm media, all sessions together (default: 30)"),
    "sweep": Option(("accuracy",), None, "thresholds as well, and a policy"),
    "alarms": Option(
        ("accuracy",), number_from_0, "false ones an hour that the policy is for (default: 0.5)"
    ),
    "before": Option(("accuracy",), existing, "an earlier result's JSON, to be shown beside"),
    "webrtc": Option(("live",), None, "sessions publish by WebRTC"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", metavar="NAME", help=", ".join((*BENCHMARKS, REPORT, ALL)))
    about = "ab: COMMIT COMMIT NAME, what to compare and by which; report: the JSON of results; all: parts"
    parser.add_argument("of", nargs="*", metavar="OF", help=about)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: no figure to quote")
    for name, option in OPTIONS.items():
        about = f"{', '.join(option.benchmarks)}: {option.help}"
        if option.type is None:
            parser.add_argument(f"--{name}", action="store_true", default=None, help=about)
        else:
            parser.add_argument(f"--{name}", type=option.type, metavar=name.upper(), help=about)
    parser.add_argument("--into", type=path, metavar="FOLDER", help="all: where its results are kept")
    parser.add_argument("--json", type=new_file, metavar="FILE", help="write the result as JSON")
    parser.add_argument("--html", type=new_file, metavar="FILE", help="write a page (needs the bench extra)")
    parser.add_argument(
        "--plot", type=new_file, metavar="FILE", help="draw the result (needs the bench extra)"
    )


def run(args: argparse.Namespace) -> int:
    """Measure, print, keep; 1 if something was found that must not be."""
    try:
        results = []
        for result in found(args):
            print(show(result), flush=True)
            results.append(result)
        keep(args, results)
    except NotMeasurable as error:
        raise UsageInvalid(str(error)) from error
    return 1 if any(result.failures for result in results) else 0


def found(args: argparse.Namespace) -> Iterable[Result]:
    """What is shown, as it comes.

    Raises:
        UsageInvalid: there is no such benchmark, or something it needs was not said.
        NotMeasurable: it cannot run here.
    """
    if args.name == REPORT:
        return kept(args)
    if args.name != ALL:
        return [measured(args)]
    if not args.into:
        raise UsageInvalid("all takes --into FOLDER, where its results are kept")
    suite = import_module("argusd.benchmarks.report.suite")
    results: Iterator[Result] = suite.run(args.of, args.into, args.quick)
    return results


def measured(args: argparse.Namespace) -> Result:
    """What a benchmark finds.

    Raises:
        UsageInvalid: there is none of this name.
        NotMeasurable: it cannot run here.
    """
    if args.name not in BENCHMARKS:
        near = did_you_mean(args.name, BENCHMARKS)
        raise UsageInvalid(f"there is no benchmark {args.name!r}{near} There are {', '.join(BENCHMARKS)}")
    module = import_module(f"argusd.benchmarks.{args.name}")
    result: Result = module.main(args.quick, *compared(args), **options(args))
    return result


def kept(args: argparse.Namespace) -> list[Result]:
    """Results of earlier runs, for a page of all of them.

    Raises:
        UsageInvalid: it is not said which, or not where to write the page.
        NotMeasurable: a file holds no result.
    """
    if not args.of or not args.html:
        raise UsageInvalid("report takes the JSON files of results, and --html FILE")
    return [load_json(Path(path)) for path in args.of]


def keep(args: argparse.Namespace, results: Sequence[Result]) -> None:
    """Write what was asked for."""
    if args.json:
        save_json(results[-1], args.json)
    if args.plot:
        import_module("argusd.benchmarks.report.plots").save_plot(results[-1], args.plot)
    if args.html:
        args.html.write_text(import_module("argusd.benchmarks.report.page").page(results), "utf-8")


def options(args: argparse.Namespace) -> dict[str, Any]:
    """Those that were given; ``ab`` has those of the benchmark by which it compares.

    Raises:
        UsageInvalid: one of them is another benchmark's.
    """
    given = {name: getattr(args, name) for name in OPTIONS if getattr(args, name) is not None}
    for name in given:
        if not {args.name, *args.of[2:]} & set(OPTIONS[name].benchmarks):
            raise UsageInvalid(f"--{name} is for {' and '.join(OPTIONS[name].benchmarks)} alone")
    return given


def compared(args: argparse.Namespace) -> list[str]:
    """Two commits and the benchmark by which to compare them; nothing for other benchmarks.

    Raises:
        UsageInvalid: there is one too many or one too few of them, or no such benchmark.
    """
    words: list[str] = args.of
    if args.name != "ab" and words:
        raise UsageInvalid(f"{args.name} takes no further words, such as {words[0]!r}")
    if args.name == "ab" and (len(words) != 3 or words[2] not in BENCHMARKS[:-1]):
        raise UsageInvalid(f"ab takes two commits and one of {', '.join(BENCHMARKS[:-1])}")
    return words
