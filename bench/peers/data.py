"""The same photographs in each form that a loader reads: a folder, shards, packs, a .beton.

The originals are taken several times, so that an epoch is long enough for loaders that pause at its
end."""
import hashlib
import io
import pathlib
import shutil
import subprocess
import tarfile

COPIES = 10
SHARDS = 4
JPEG_NAMES = (".jpg", ".jpeg", ".jpe")
HERE = pathlib.Path(__file__).resolve().parent


class CannotMake(Exception):
    """One line: why."""


def originals_of(folder: pathlib.Path):
    files = sorted(path for path in folder.glob("*/*") if path.suffix.lower() in JPEG_NAMES)
    if len(files) < 64:
        raise SystemExit(f"run: {folder}: {len(files)} JPEGs in class folders; wanted are 64 or more")
    return files


def run(command, **more):
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, **more)
    if done.returncode != 0:
        lines = (done.stderr.strip() or "no message").splitlines()
        raise CannotMake(f"{pathlib.Path(command[0]).name}: {lines[-1][:300]}")


class Data:
    """A folder of the cache; each part is made when it is first asked for, and then kept."""

    def __init__(self, originals: pathlib.Path, cache: pathlib.Path, headrace: pathlib.Path, say):
        self.originals = originals.resolve()
        self.files = originals_of(self.originals)
        text = "".join(f"{path.relative_to(self.originals)} {path.stat().st_size}\n" for path in self.files)
        self.name = hashlib.sha256(f"{COPIES}\n{text}".encode()).hexdigest()[:16]
        self.folder = cache / f"data-{self.name}"
        self.headrace = headrace
        self.say = say

    def facts(self):
        size = sum(path.stat().st_size for path in self.files)
        return {"photographs": len(self.files), "mean_kilobytes": round(size / len(self.files) / 1000),
                "copies": COPIES}

    def part(self, name, make):
        """The path of a part: it appears whole, by a rename."""
        target = self.folder / name
        if not target.exists():
            self.say(f"making {name}")
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary = self.folder / f"{name}.partial"
            if temporary.is_dir():
                shutil.rmtree(temporary)
            temporary.unlink(missing_ok=True)
            make(temporary)
            temporary.rename(target)
        return target

    def images(self):
        def make(target):
            for path in self.files:
                place = target / path.parent.name
                place.mkdir(parents=True, exist_ok=True)
                for copy in range(COPIES):
                    shutil.copyfile(path, place / f"{path.stem}_{copy}.jpg")

        return self.part("images", make)

    def shards(self):
        """Plain WebDataset shards: .jpg and .cls, the samples in random order."""

        def make(target):
            import random

            files = sorted(self.images().glob("*/*"))
            classes = sorted({path.parent.name for path in files})
            random.Random(1).shuffle(files)
            target.mkdir()
            for shard in range(SHARDS):
                with tarfile.open(target / f"{shard:06}.tar", "w") as tar:
                    for number, path in enumerate(files[shard::SHARDS]):
                        label = str(classes.index(path.parent.name)).encode()
                        key = f"{shard:02}{number:06}"
                        tar.add(path, arcname=f"{key}.jpg")
                        member = tarfile.TarInfo(f"{key}.cls")
                        member.size = len(label)
                        tar.addfile(member, io.BytesIO(label))

        return sorted(map(str, self.part("shards", make).glob("*.tar")))

    def pack(self, codec):
        """A pack of the very tool that is measured: one of an older headrace can be of another version."""
        tool = hashlib.sha256(self.headrace.read_bytes()).hexdigest()[:16]
        for older in self.folder.glob(f"pack-{codec}*"):
            if older.name != f"pack-{codec}-{tool}":
                shutil.rmtree(older)
        return self.part(f"pack-{codec}-{tool}", lambda target: run(
            [self.headrace, "pack", self.images(), "--codec", codec, "-o", target]))

    def beton(self, python):
        """FFCV's file, of JPEGs that it makes."""
        return self.part("beton", lambda target: run([python, HERE / "loaders" / "write_beton.py",
                                                      self.images(), target]))
