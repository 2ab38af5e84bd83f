"""KubeSpawner's own test suite with our spawner in its place: every test passes but those in `differing.txt`.

The suite needs an older pytest, so it runs by a Python of its own (`make test-kubespawner`), which finds everything
else where ours does. A test that is listed and passes is as wrong as one that is not listed and fails.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUITE = ROOT / "tests" / "vectors" / "kubespawner"
DIFFERING = Path(__file__).with_name("differing.txt")
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: nowhere
clusters: [{name: nowhere, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: nobody, user: {}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
"""


def outcomes(python: str) -> dict[str, str]:
    """Run the suite and return each test's outcome: passed, failed or skipped."""
    with tempfile.TemporaryDirectory() as folder:
        config, written = Path(folder, "kubeconfig"), Path(folder, "outcomes.json")
        config.write_text(KUBECONFIG, encoding="utf-8")
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": folder,
            "KUBECONFIG": str(config),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "SUITE_OUTCOMES": str(written),
        }
        plugins = ["-p", "pytest_asyncio.plugin", "-p", "tests.kubespawner_suite.instead", "-p", "no:cacheprovider"]
        options = [
            "-c",
            os.devnull,
            "--rootdir",
            str(SUITE),
            "-o",
            "asyncio_mode=auto",
            "-q",
            "--tb=no",
            "--no-summary",
        ]
        command = [python, "-m", "pytest", *plugins, *options, "tests"]
        ran = subprocess.run(
            command, cwd=SUITE, env=environment, timeout=300, check=False, capture_output=True, text=True
        )
        if not written.exists():
            raise SystemExit(f"the suite did not run:\n{ran.stdout[-3000:]}{ran.stderr[-3000:]}")
        found: dict[str, str] = json.loads(written.read_text(encoding="utf-8"))
        return found


def expected() -> dict[str, str]:
    """What stands in the list: the outcome of each test that does not pass. Lines that begin with `#` are reasons."""
    lines = [
        line.split(" ", 1) for line in DIFFERING.read_text(encoding="utf-8").splitlines() if line[:1] not in ("", "#")
    ]
    return {name: outcome for outcome, name in lines}


def problems(found: dict[str, str], listed: dict[str, str]) -> list[str]:
    """Every test that came out otherwise than it should, or that is listed and is not there."""
    wrong = [f"{name} {one}" for name, one in found.items() if one != listed.get(name, "passed")]
    return sorted(wrong + [f"{name} is not there" for name in listed.keys() - found.keys()])


def main(python: str) -> int:
    """Print a line of what came out; 0 where all is as listed."""
    found, listed = outcomes(python), expected()
    wrong = problems(found, listed)
    passed = sum(one == "passed" for one in found.values())
    lines = [*wrong, f"KubeSpawner's suite: {passed} of {len(found)} pass with our spawner, {len(listed)} are listed"]
    sys.stderr.write("\n".join(lines) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(str(Path(sys.argv[1]).absolute())))
