"""FFCV's file of a folder of classes: write_beton.py FOLDER FILE."""
import pathlib
import sys


class Folder:
    def __init__(self, folder):
        self.files = sorted(pathlib.Path(folder).glob("*/*"))
        self.classes = sorted({path.parent.name for path in self.files})

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        from PIL import Image

        path = self.files[index]
        return Image.open(path).convert("RGB"), self.classes.index(path.parent.name)


def main():
    from ffcv.fields import IntField, RGBImageField
    from ffcv.writer import DatasetWriter

    # FFCV cannot take a JPEG as it is: it encodes again, here at about the quality of the files.
    writer = DatasetWriter(sys.argv[2], {
        "image": RGBImageField(write_mode="jpg", jpeg_quality=95), "label": IntField()}, num_workers=2)
    writer.from_indexed_dataset(Folder(sys.argv[1]))


if __name__ == "__main__":
    main()
