"""The rows of the table: which loader, in which environment, on which form of the data."""
import dataclasses

TORCH = ("torch", ["torch", "torchvision", "timm", "webdataset"])
OPENCV = ("opencv", ["opencv-python-headless", "simplejpeg", "numpy"])


@dataclasses.dataclass(frozen=True)
class Row:
    name: str  # what --peers takes: this, or its part before the first colon
    text: str
    loader: str  # loaders/<loader>.py
    environment: tuple  # its name, and packages
    workloads: tuple = ("plain",)
    note: str = ""
    options: dict = dataclasses.field(default_factory=dict)  # more for its task
    needs: str = ""  # said when the environment cannot be made

    @property
    def peer(self):
        return self.name.split(":")[0]


BOTH = ("plain", "augmented")
NOT_ANTIALIASED = "not antialiased"


def headrace(name, text, source, jpeg, note="", checkpoints="off", workloads=BOTH):
    options = {"source": source, "jpeg": jpeg, "checkpoints": checkpoints}
    return Row(f"headrace:{name}", f"headrace, {text}", "headrace_loader", ("headrace", ["numpy"]), workloads, note, options)


ROWS = [
    headrace("pack-coef", "pack `coef`, fast", "pack-coef", "fast"),
    headrace("pack-jpeg", "pack `jpeg`, fast", "pack-jpeg", "fast"),
    headrace("checkpoints", "folder, fast, from the second epoch on", "folder", "fast",
             "with checkpoints", checkpoints="on", workloads=("plain",)),
    headrace("fast", "folder, fast, first epoch", "folder", "fast"),
    headrace("exact", "folder, exact, first epoch", "folder", "exact", "pixels of torchvision on PIL"),
    Row("opencv", "OpenCV + simplejpeg by hand", "opencv_by_hand", OPENCV, note=NOT_ANTIALIASED),
    Row("dali", "DALI, CPU", "dali_folder", ("dali", ["nvidia-dali-cuda120", "numpy"]), BOTH,
        "decodes the crop's rows only"),
    Row("tfdata", "tf.data", "tf_data", ("tensorflow", ["tensorflow-cpu"]), note="decodes the crop's rows only"),
    Row("torchvision:tensors", "torchvision, tensors", "torchvision_tensor", TORCH, BOTH),
    Row("torchvision:pil", "torchvision, PIL", "torchvision_pil", TORCH, BOTH),
    Row("timm", "timm", "timm_folder", TORCH, BOTH, "on PIL"),
    Row("ffcv", "FFCV", "ffcv_beton", ("ffcv", ["ffcv", "torch", "torchvision", "opencv-python-headless", "numpy"]),
        note="JPEGs encoded again (q95); fast inverse DCT, OpenCV's area filter",
        needs="FFCV is built from source: it wants libopencv-dev, libturbojpeg0-dev, pkg-config and g++"),
    Row("grain", "grain, with OpenCV + simplejpeg", "grain_folder",
        ("grain", ["grain", "opencv-python-headless", "simplejpeg", "numpy"]), note=NOT_ANTIALIASED),
    Row("spdl", "SPDL", "spdl_folder", ("spdl", ["spdl", "numpy"]), note="resizes the planes, as headrace's fast",
        needs="SPDL wants FFmpeg's libraries: libavdevice59 and libavfilter8 on Debian 12"),
    Row("webdataset", "WebDataset", "webdataset_shards", TORCH, note="on PIL, from plain shards"),
]
# The unit, and what most of it is.
UNIT = "reference"
DECODE = Row("decode", "libjpeg-turbo's full decode alone, two processes", "decode_only", OPENCV)

WORKLOADS = {
    "plain": "random_resized_crop 224, horizontal flip, normalise",
    "augmented": "the same with RandAugment(2, 9) and ColorJitter(0.4, 0.4, 0.4, 0.1)",
}


def peers():
    return list(dict.fromkeys(row.peer for row in ROWS))
