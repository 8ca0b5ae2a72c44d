"""``argusd kubernetes``: the manifests that have a cluster run hosts, to be piped into kubectl."""

import argparse

import yaml

from ..arguments import whole
from ..kubernetes.manifests import manifests

MOST_GPUS = 64  # live schedulers of a host; see scheduler.count
HELP = {"kubernetes": "print manifests for a Kubernetes cluster"}


class Plain(yaml.SafeDumper):
    """YAML as people write it: nothing is named once and meant twice, texts of several lines stay such."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML asks for each value
        """Write everything out."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Plain.add_representer(str, _text)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--gpu", type=whole(1, MOST_GPUS), default=0, metavar="N", help="GPUs for each host (default: none)"
    )
    parser.add_argument("--replicas", type=whole(1), metavar="N", help="at least so many hosts (default: 2)")


def run(args: argparse.Namespace) -> int:
    """Print them."""
    found = manifests(args.gpu, args.replicas)
    print(yaml.dump_all(found, Dumper=Plain, sort_keys=False, width=110), end="")
    return 0
