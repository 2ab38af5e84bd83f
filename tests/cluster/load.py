"""Packs what has changed and gives it to the cluster that is up; pods made from then on run it.

python -m tests.cluster.load      (the folder is `CLUSTER`, or .cache/cluster/state)
"""

from tests.cluster import images, node
from tests.cluster.setting import say, setting


def main() -> None:
    """`python -m tests.cluster.load`."""
    packed = images.all_images()
    node.load(setting(), packed)
    for each in packed:
        say(each.pinned)


if __name__ == "__main__":
    main()
