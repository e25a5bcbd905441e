"""headrace, by its C API from Python: the library as it stands in the build folder, nothing installed."""
import ctypes
import json
import os
import pathlib

from serve import MEAN, SIDE, STD, serve

OK, END_OF_EPOCH = 0, 1
U32, I32, U64, PTR = ctypes.c_uint32, ctypes.c_int32, ctypes.c_uint64, ctypes.c_void_p


class Error(ctypes.Structure):
    _fields_ = [("struct_size", U32), ("code", I32), ("errno_value", I32), ("reserved", I32),
                ("sample_id", ctypes.c_int64), ("text", ctypes.c_char * 512)]


class BatchInfo(ctypes.Structure):
    """hr_batch_info as far as it is needed: a shorter one is an old caller's."""

    _fields_ = [("struct_size", U32), ("epoch", U32), ("batch", U64), ("count", U32), ("classes", U32),
                ("images", PTR), ("images_bytes", U64), ("dtype", I32), ("layout", I32), ("channels", U32),
                ("height", U32), ("width", U32), ("views", U32), ("labels", PTR)]


def library():
    headrace = ctypes.CDLL(os.environ["HEADRACE_LIBRARY"])
    headrace.hr_version.restype = ctypes.c_char_p
    headrace.hr_loader_next.argtypes = [PTR, ctypes.c_int64, PTR, PTR]
    headrace.hr_batch_view.argtypes = [PTR, PTR, PTR]
    headrace.hr_batch_release.argtypes = headrace.hr_loader_close.argtypes = [PTR]
    headrace.hr_batch_release.restype = headrace.hr_loader_close.restype = None
    return headrace


class Loader:
    def __init__(self, toml):
        self.headrace, self.handle = library(), PTR()
        self.error = Error(struct_size=ctypes.sizeof(Error))
        self.check(self.headrace.hr_loader_open_toml(toml.encode(), ctypes.c_size_t(len(toml.encode())), None,
                                                     ctypes.byref(self.handle), ctypes.byref(self.error)))

    def check(self, status):
        if status != OK:
            raise SystemExit(self.error.text.decode())

    def epoch(self):
        """Batch after batch, as NumPy arrays on the loader's own memory until the next one is asked for."""
        import numpy as np

        batch, info = PTR(), BatchInfo(struct_size=ctypes.sizeof(BatchInfo))
        while True:
            status = self.headrace.hr_loader_next(self.handle, -1, ctypes.byref(batch), ctypes.byref(self.error))
            if status == END_OF_EPOCH:
                return
            self.check(status)
            self.check(self.headrace.hr_batch_view(batch, ctypes.byref(info), ctypes.byref(self.error)))
            shape = (info.count, info.channels, info.height, info.width)
            images = (ctypes.c_float * (info.images_bytes // 4)).from_address(info.images)
            labels = (ctypes.c_int64 * info.count).from_address(info.labels)
            yield np.frombuffer(images, np.float32).reshape(shape), np.frombuffer(labels, np.int64)
            self.headrace.hr_batch_release(batch)

    def close(self):
        self.headrace.hr_loader_close(self.handle)


def toml_of(task):
    text = json.dumps  # JSON's strings are TOML's
    source = f"source = \"tar\"\npath = {text(task.pack)}" if task.source != "folder" else f"path = {text(task.images)}"
    checkpoints = "off"
    if task.checkpoints == "on":
        checkpoints = str(pathlib.Path(task.cache) / f"checkpoints-{task.jpeg}")
        pathlib.Path(checkpoints).mkdir(parents=True, exist_ok=True)
    lines = ["[dataset]", source, "[loader]", f"batch_size = {task.batch}", f"workers = {task.workers}", "rank = 0",
             "world_size = 1", "[output]", f"mean = {list(MEAN)}", f"std = {list(STD)}", "[decode]",
             f"jpeg = {text(task.jpeg)}", f"checkpoints = {text(checkpoints)}",
             "[[augment]]", 'op = "random_resized_crop"', f"size = {SIDE}",
             "[[augment]]", 'op = "random_horizontal_flip"']
    if task.workload == "augmented":
        lines += ["[[augment]]", 'op = "rand_augment"', "num_ops = 2", "magnitude = 9",
                  "[[augment]]", 'op = "color_jitter"', "brightness = 0.4", "contrast = 0.4", "saturation = 0.4",
                  "hue = 0.1"]
    return "\n".join(lines) + "\n"


def batches(task):
    toml = toml_of(task)
    if task.checkpoints == "on":  # made by a first epoch, kept at close
        first = Loader(toml)
        for _ in first.epoch():
            pass
        first.close()
    loader = Loader(toml)
    while True:
        yield from loader.epoch()


if __name__ == "__main__":
    serve(batches, lambda: {"headrace": library().hr_version().decode()})
