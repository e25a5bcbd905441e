#!/usr/bin/env python3
"""The ops of bench/op_cases.cc in other libraries; one process a library, run by ops_peers.py.

    peer_ops.py PEER WIDTH HEIGHT PIXELS

PIXELS is a file of RGB bytes. Says on one line of JSON which cases it has, which of them give other
bytes than the reference, and the versions; then reads "CASE COUNT" lines and answers each with
nanoseconds of CPU (of the whole process, so threads do not hide) a picture, or "none"; for a COUNT of 0
with the CRC-32 of the result's pixels, if that is a PIL image.

The picture is made into the library's own type before the clock starts; results are dropped. Names
and parameters are those of bench/op_cases.cc.
"""
import json
import math
import os
import sys
import time
import zlib

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def inverse_affine(w, h, degrees, scale, shear):
    """Output to input, about the middle, as torchvision's affine (specs of random_affine)."""
    rot, sx = math.radians(degrees), math.radians(shear)
    a, b = math.cos(rot), -math.cos(rot) * math.tan(sx) - math.sin(rot)
    c, d = math.sin(rot), -math.sin(rot) * math.tan(sx) + math.cos(rot)
    m = [d / scale, -b / scale, 0, -c / scale, a / scale, 0]
    m[2] = w / 2 - m[0] * w / 2 - m[1] * h / 2
    m[5] = h / 2 - m[3] * w / 2 - m[4] * h / 2
    return m


def corners(w, h):
    """A typical draw of random_perspective at distortion_scale 0.5."""
    dx, dy = w // 8, h // 8
    start = [[0, 0], [w - 1, 0], [w - 1, h - 1], [0, h - 1]]
    end = [[dx, dy // 2], [w - 1 - dx // 3, dy], [w - 1 - dx, h - 1 - dy], [dx // 2, h - 1 - dy // 3]]
    return start, end


def homography(start, end):
    """The eight coefficients that map `end` (output) to `start` (input)."""
    import numpy

    rows, values = [], []
    for (x, y), (u, v) in zip(end, start):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(v) for v in numpy.linalg.solve(rows, values)]


def pillow(data, w, h):
    from PIL import Image, ImageEnhance, ImageFilter, ImageOps

    image = Image.frombytes("RGB", (w, h), data)
    tr, rs = Image.Transpose, Image.Resampling
    affine = inverse_affine(w, h, 11, 1.1, 7)
    perspective = homography(*corners(w, h))
    z = 1.15
    zoom = (z, 0, w / 2 * (1 - z), 0, z, h / 2 * (1 - z))
    small = (w * 5 // 8, h * 5 // 8)
    crop_w, crop_h, pad = w * 3 // 4, h * 3 // 4, h // 4
    left, top = (w - crop_w) // 2, (h - crop_h) // 2
    add = [min(255, v + 64) if v < 128 else v for v in range(256)] * 3
    turn = [(v + 25) % 256 for v in range(256)]
    box = (w // 3, h // 3, w // 3 + h // 4, h // 3 + h // 4)

    def zoom_out():
        canvas = Image.new("RGB", (w * 3 // 2, h * 3 // 2))
        canvas.paste(image, (w // 5, h // 5))
        return canvas.resize((w, h), rs.BILINEAR)

    def hue():
        hh, s, v = image.convert("HSV").split()
        return Image.merge("HSV", (hh.point(turn), s, v)).convert("RGB")

    def erased():
        copy = image.copy()
        copy.paste((0, 0, 0), box)
        return copy

    cases = {
        "memcpy": image.copy,
        "random_horizontal_flip": lambda: image.transpose(tr.FLIP_LEFT_RIGHT),
        "random_vertical_flip": lambda: image.transpose(tr.FLIP_TOP_BOTTOM),
        "random_crop": lambda: image.crop((left, top, left + crop_w, top + crop_h)),
        "random_crop/padded": lambda: ImageOps.expand(image, pad).crop(
            (left, top, left + crop_w, top + crop_h)),
        "center_crop": lambda: image.crop((left, top, left + crop_w, top + crop_h)),
        "pad": lambda: ImageOps.expand(image, 16, (128, 128, 128)),
        "resize": lambda: image.resize(small, rs.BILINEAR),
        "resize/bicubic": lambda: image.resize(small, rs.BICUBIC),
        "resize/224": lambda: image.resize((224, 224), rs.BILINEAR),
        "random_resized_crop": lambda: image.crop(
            (w // 8, h // 8, w // 8 + crop_w, h // 8 + small[1])).resize((224, 224), rs.BILINEAR),
        "random_rotation": lambda: image.rotate(17, rs.NEAREST),
        "random_rotation/bilinear": lambda: image.rotate(17, rs.BILINEAR),
        "random_affine": lambda: image.transform((w, h), Image.Transform.AFFINE, affine, rs.NEAREST),
        "random_affine/bilinear": lambda: image.transform(
            (w, h), Image.Transform.AFFINE, affine, rs.BILINEAR),
        "random_affine/bicubic": lambda: image.transform(
            (w, h), Image.Transform.AFFINE, affine, rs.BICUBIC),
        "random_perspective": lambda: image.transform(
            (w, h), Image.Transform.PERSPECTIVE, perspective, rs.BILINEAR),
        "random_zoom": lambda: image.transform((w, h), Image.Transform.AFFINE, zoom, rs.BILINEAR),
        "random_zoom_out": zoom_out,
        "brightness": lambda: ImageEnhance.Brightness(image).enhance(1.3),
        "contrast": lambda: ImageEnhance.Contrast(image).enhance(1.3),
        "saturation": lambda: ImageEnhance.Color(image).enhance(1.4),
        "hue": hue,
        "random_grayscale": lambda: image.convert("L").convert("RGB"),
        "posterize": lambda: ImageOps.posterize(image, 4),
        "solarize": lambda: ImageOps.solarize(image, 128),
        "solarize_add": lambda: image.point(add),
        "equalize": lambda: ImageOps.equalize(image),
        "autocontrast": lambda: ImageOps.autocontrast(image),
        "invert": lambda: ImageOps.invert(image),
        "sharpness": lambda: ImageEnhance.Sharpness(image).enhance(1.7),
        "gaussian_blur": lambda: image.filter(ImageFilter.GaussianBlur(1.2)),
        "gaussian_blur/23": lambda: image.filter(ImageFilter.GaussianBlur(1.2)),
        "random_erasing": erased,
        "cutout": erased,
    }
    # A chain of box filters; a border that is not reflected.
    return cases, {"gaussian_blur", "gaussian_blur/23", "random_zoom"}, versions("PIL")


def pillow_simd(data, w, h):
    """Its resize has weights of 16 bits."""
    cases, other_bytes, version = pillow(data, w, h)
    resizes = {"resize", "resize/bicubic", "resize/224", "random_resized_crop", "random_zoom_out"}
    return cases, other_bytes | resizes, version


def torchvision_pil(data, w, h):
    import torch
    from PIL import Image
    from torchvision import transforms as t
    from torchvision.transforms import functional as f

    torch.set_num_threads(1)
    image = Image.frombytes("RGB", (w, h), data)
    start, end = corners(w, h)
    nearest, bilinear = t.InterpolationMode.NEAREST, t.InterpolationMode.BILINEAR
    bicubic = t.InterpolationMode.BICUBIC
    small = [h * 5 // 8, w * 5 // 8]
    crop = [h * 3 // 4, w * 3 // 4]
    augment, jitter = t.RandAugment(2, 9), t.ColorJitter(0.4, 0.4, 0.4, 0.1)

    def affine(mode):
        return lambda: f.affine(image, 11, [0, 0], 1.1, [7, 0], mode)

    cases = {
        "memcpy": image.copy,
        "convert_f32": lambda: f.normalize(f.to_tensor(image), MEAN, STD),
        "random_horizontal_flip": lambda: f.hflip(image),
        "random_vertical_flip": lambda: f.vflip(image),
        "random_crop": bound(t.RandomCrop(crop), image),
        "random_crop/padded": bound(t.RandomCrop(crop, padding=h // 4), image),
        "center_crop": lambda: f.center_crop(image, crop),
        "pad": lambda: f.pad(image, 16, 128),
        "pad/reflect": lambda: f.pad(image, 16, 0, "reflect"),
        "resize": lambda: f.resize(image, small, bilinear),
        "resize/bicubic": lambda: f.resize(image, small, bicubic),
        "resize/224": lambda: f.resize(image, [224, 224], bilinear),
        "random_resized_crop": lambda: f.resized_crop(
            image, h // 8, w // 8, small[0], crop[1], [224, 224], bilinear),
        "random_rotation": lambda: f.rotate(image, 17, nearest),
        "random_rotation/bilinear": lambda: f.rotate(image, 17, bilinear),
        "random_affine": affine(nearest),
        "random_affine/bilinear": affine(bilinear),
        "random_affine/bicubic": affine(bicubic),
        "random_perspective": lambda: f.perspective(image, start, end, bilinear),
        "brightness": lambda: f.adjust_brightness(image, 1.3),
        "contrast": lambda: f.adjust_contrast(image, 1.3),
        "saturation": lambda: f.adjust_saturation(image, 1.4),
        "hue": lambda: f.adjust_hue(image, 0.1),
        "color_jitter": bound(jitter, image),
        "random_grayscale": lambda: f.rgb_to_grayscale(image, 3),
        "posterize": lambda: f.posterize(image, 4),
        "solarize": lambda: f.solarize(image, 128),
        "equalize": lambda: f.equalize(image),
        "autocontrast": lambda: f.autocontrast(image),
        "invert": lambda: f.invert(image),
        "sharpness": lambda: f.adjust_sharpness(image, 1.7),
        "gaussian_blur": lambda: f.gaussian_blur(image, [5, 5], [1.2, 1.2]),
        "gaussian_blur/23": lambda: f.gaussian_blur(image, [23, 23], [1.2, 1.2]),
        "auto_augment": bound(t.AutoAugment(), image),
        "rand_augment": bound(augment, image),
        "trivial_augment_wide": bound(t.TrivialAugmentWide(), image),
        "rand_augment+color_jitter": lambda: jitter(augment(image)),
    }
    if hasattr(t, "AugMix"):
        cases["aug_mix"] = bound(t.AugMix(all_ops=False), image)
    return cases, set(), versions("torchvision", "torch", "PIL")


def torchvision_tensor(data, w, h):
    """transforms.v2 on u8 tensors."""
    import numpy
    import torch
    from torchvision.transforms import v2 as t
    from torchvision.transforms.v2 import functional as f

    torch.set_num_threads(1)
    pixels = numpy.frombuffer(data, numpy.uint8).reshape(h, w, 3)
    image = torch.from_numpy(pixels.transpose(2, 0, 1).copy())
    start, end = corners(w, h)
    nearest, bilinear = t.InterpolationMode.NEAREST, t.InterpolationMode.BILINEAR
    bicubic = t.InterpolationMode.BICUBIC
    small = [h * 5 // 8, w * 5 // 8]
    crop = [h * 3 // 4, w * 3 // 4]
    augment, jitter = t.RandAugment(2, 9), t.ColorJitter(0.4, 0.4, 0.4, 0.1)

    def affine(mode):
        return lambda: f.affine(image, 11, [0, 0], 1.1, [7.0, 0.0], mode)

    def convert():
        return f.normalize(f.to_dtype(image, torch.float32, scale=True), MEAN, STD)

    cases = {
        "memcpy": image.clone,
        "convert_f32": convert,
        "random_horizontal_flip": lambda: f.horizontal_flip(image),
        "random_vertical_flip": lambda: f.vertical_flip(image),
        "random_crop": lambda: t.RandomCrop(crop)(image).contiguous(),
        "random_crop/padded": lambda: t.RandomCrop(crop, padding=h // 4)(image).contiguous(),
        "center_crop": lambda: f.center_crop(image, crop).contiguous(),
        "pad": lambda: f.pad(image, [16, 16, 16, 16], 128),
        "pad/reflect": lambda: f.pad(image, [16, 16, 16, 16], 0, "reflect"),
        "resize": lambda: f.resize(image, small, bilinear, antialias=True),
        "resize/bicubic": lambda: f.resize(image, small, bicubic, antialias=True),
        "resize/224": lambda: f.resize(image, [224, 224], bilinear, antialias=True),
        "random_resized_crop": lambda: f.resized_crop(
            image, h // 8, w // 8, small[0], crop[1], [224, 224], bilinear, antialias=True),
        "random_rotation": lambda: f.rotate(image, 17, nearest),
        "random_rotation/bilinear": lambda: f.rotate(image, 17, bilinear),
        "random_affine": affine(nearest),
        "random_affine/bilinear": affine(bilinear),
        "random_perspective": lambda: f.perspective(image, start, end, bilinear),
        "random_zoom_out": bound(t.RandomZoomOut(side_range=(1.5, 1.5), p=1.0), image),
        "brightness": lambda: f.adjust_brightness(image, 1.3),
        "contrast": lambda: f.adjust_contrast(image, 1.3),
        "saturation": lambda: f.adjust_saturation(image, 1.4),
        "hue": lambda: f.adjust_hue(image, 0.1),
        "color_jitter": bound(jitter, image),
        "random_grayscale": lambda: f.rgb_to_grayscale(image, 3).contiguous(),
        "posterize": lambda: f.posterize(image, 4),
        "solarize": lambda: f.solarize(image, 128),
        "equalize": lambda: f.equalize(image),
        "autocontrast": lambda: f.autocontrast(image),
        "invert": lambda: f.invert(image),
        "sharpness": lambda: f.adjust_sharpness(image, 1.7),
        "gaussian_blur": lambda: f.gaussian_blur(image, [5, 5], [1.2, 1.2]),
        "gaussian_blur/23": lambda: f.gaussian_blur(image, [23, 23], [1.2, 1.2]),
        "random_erasing": bound(t.RandomErasing(p=1.0), image),
        "auto_augment": bound(t.AutoAugment(), image),
        "rand_augment": bound(augment, image),
        "trivial_augment_wide": bound(t.TrivialAugmentWide(), image),
        "aug_mix": bound(t.AugMix(all_ops=False), image),
        "rand_augment+color_jitter": lambda: jitter(augment(image)),
    }
    if hasattr(t, "GaussianNoise"):
        noise = t.Compose([t.ToDtype(torch.float32, scale=True), t.GaussianNoise(0, 0.1),
                           t.ToDtype(torch.uint8, scale=True)])
        cases["gaussian_noise"] = bound(noise, image)
    return cases, set(cases), versions("torchvision", "torch")


def opencv(data, w, h):
    import cv2
    import numpy

    cv2.setNumThreads(1)
    image = numpy.frombuffer(data, numpy.uint8).reshape(h, w, 3).copy()
    affine = numpy.array(inverse_affine(w, h, 11, 1.1, 7)).reshape(2, 3)
    rotation = cv2.getRotationMatrix2D((w / 2, h / 2), 17, 1)
    start, end = corners(w, h)
    perspective = cv2.getPerspectiveTransform(numpy.float32(start), numpy.float32(end))
    z = 1.15
    zoom = numpy.array([[z, 0, w / 2 * (1 - z)], [0, z, h / 2 * (1 - z)]])
    small = (w * 5 // 8, h * 5 // 8)
    crop_w, crop_h, pad = w * 3 // 4, h * 3 // 4, h // 4
    left, top = (w - crop_w) // 2, (h - crop_h) // 2
    values = numpy.arange(256)
    table = {
        "posterize": values & 0xF0,
        "solarize": numpy.where(values < 128, values, 255 - values),
        "solarize_add": numpy.where(values < 128, numpy.minimum(values + 64, 255), values),
    }
    table = {name: entry.astype(numpy.uint8) for name, entry in table.items()}
    sharpen = numpy.full((3, 3), -0.7 / 13, numpy.float32)
    sharpen[1, 1] = 1.7 - 0.7 * 5 / 13

    def warp(matrix, mode, border=cv2.BORDER_CONSTANT):
        return lambda: cv2.warpAffine(
            image, matrix, (w, h), flags=mode | cv2.WARP_INVERSE_MAP, borderMode=border)

    def cropped(source):
        return source[top:top + crop_h, left:left + crop_w].copy()

    def contrast():
        mean = cv2.mean(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))[0]
        return cv2.convertScaleAbs(image, alpha=1.3, beta=-0.3 * mean)

    def saturation():
        gray = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        return cv2.addWeighted(image, 1.4, gray, -0.4, 0)

    def hue():
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
        hsv[..., 0] += 25
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL)

    def autocontrast():
        tables = []
        for channel in cv2.split(image):
            low, high, _, _ = cv2.minMaxLoc(channel)
            tables.append(numpy.clip((values - low) * (255 / max(1, high - low)), 0, 255))
        return cv2.LUT(image, numpy.stack(tables, -1).astype(numpy.uint8)[None])

    def erased():
        copy = image.copy()
        copy[h // 3:h // 3 + h // 4, w // 3:w // 3 + h // 4] = 0
        return copy

    def zoom_out():
        canvas = cv2.copyMakeBorder(image, h // 5, h // 2 - h // 5, w // 5, w // 2 - w // 5,
                                    cv2.BORDER_CONSTANT)
        return cv2.resize(canvas, (w, h), interpolation=cv2.INTER_AREA)

    def gaussian_noise():
        noise = cv2.randn(numpy.empty((h, w, 3), numpy.int16), (0, 0, 0), (25.5, 25.5, 25.5))
        return cv2.add(image, noise, dtype=cv2.CV_8U)

    def speckle():
        noise = cv2.randn(numpy.empty((h, w, 3), numpy.float32), (1, 1, 1), (0.2, 0.2, 0.2))
        return cv2.multiply(image, noise, dtype=cv2.CV_8U)

    def salt_pepper():
        copy = image.copy()
        noise = cv2.randu(numpy.empty((h, w), numpy.uint16), 0, 65535)
        copy[noise < 1638] = 0
        copy[noise > 65535 - 1638] = 255
        return copy

    def poisson():
        counts = numpy.random.poisson(image * (60 / 255))
        return numpy.clip(counts * (255 / 60) + 0.5, 0, 255).astype(numpy.uint8)

    def convert():
        return cv2.dnn.blobFromImage(image, 1 / 255, (w, h), [255 * m for m in MEAN])

    cases = {
        "memcpy": image.copy,
        "random_horizontal_flip": lambda: cv2.flip(image, 1),
        "random_vertical_flip": lambda: cv2.flip(image, 0),
        "random_crop": lambda: cropped(image),
        "random_crop/padded": lambda: cropped(
            cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_CONSTANT)),
        "center_crop": lambda: cropped(image),
        "pad": lambda: cv2.copyMakeBorder(
            image, 16, 16, 16, 16, cv2.BORDER_CONSTANT, value=(128, 128, 128)),
        "pad/reflect": lambda: cv2.copyMakeBorder(image, 16, 16, 16, 16, cv2.BORDER_REFLECT_101),
        "resize": lambda: cv2.resize(image, small, interpolation=cv2.INTER_AREA),
        "resize/bicubic": lambda: cv2.resize(image, small, interpolation=cv2.INTER_CUBIC),
        "resize/224": lambda: cv2.resize(image, (224, 224), interpolation=cv2.INTER_AREA),
        "random_resized_crop": lambda: cv2.resize(
            image[h // 8:h // 8 + small[1], w // 8:w // 8 + crop_w], (224, 224),
            interpolation=cv2.INTER_AREA),
        "random_rotation": warp(rotation, cv2.INTER_NEAREST),
        "random_rotation/bilinear": warp(rotation, cv2.INTER_LINEAR),
        "random_affine": warp(affine, cv2.INTER_NEAREST),
        "random_affine/bilinear": warp(affine, cv2.INTER_LINEAR),
        "random_affine/bicubic": warp(affine, cv2.INTER_CUBIC),
        "random_perspective": lambda: cv2.warpPerspective(image, perspective, (w, h)),
        "random_zoom": warp(zoom, cv2.INTER_LINEAR, cv2.BORDER_REFLECT),
        "random_zoom_out": zoom_out,
        "brightness": lambda: cv2.convertScaleAbs(image, alpha=1.3),
        "contrast": contrast,
        "saturation": saturation,
        "hue": hue,
        "random_grayscale": lambda: cv2.cvtColor(
            cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB),
        "posterize": lambda: cv2.LUT(image, table["posterize"]),
        "solarize": lambda: cv2.LUT(image, table["solarize"]),
        "solarize_add": lambda: cv2.LUT(image, table["solarize_add"]),
        "equalize": lambda: cv2.merge([cv2.equalizeHist(c) for c in cv2.split(image)]),
        "autocontrast": autocontrast,
        "invert": lambda: cv2.bitwise_not(image),
        "sharpness": lambda: cv2.filter2D(image, -1, sharpen),
        "gaussian_blur": lambda: cv2.GaussianBlur(image, (5, 5), 1.2),
        "gaussian_blur/23": lambda: cv2.GaussianBlur(image, (23, 23), 1.2),
        "gaussian_noise": gaussian_noise,
        "speckle_noise": speckle,
        "salt_pepper_noise": salt_pepper,
        "poisson_noise": poisson,
        "random_erasing": erased,
        "cutout": erased,
    }
    if hasattr(cv2, "dnn"):
        cases["convert_f32"] = convert
    return cases, set(cases), versions("cv2", "numpy")


def kornia_rs(data, w, h):
    import kornia_rs as k
    import numpy
    from kornia_rs import augmentations, imgproc

    pixels = numpy.frombuffer(data, numpy.uint8).reshape(h, w, 3).copy()
    image = k.image.Image.fromarray(pixels)
    m = inverse_affine(w, h, 11, 1.1, 7)
    inverse = numpy.linalg.inv(numpy.array([m[:3], m[3:], [0, 0, 1]]))
    affine = tuple(float(v) for v in inverse[:2].ravel())
    start, end = corners(w, h)
    back = homography(start, end) + [1.0]
    forth = numpy.linalg.inv(numpy.array(back).reshape(3, 3))
    perspective = tuple(float(v) for v in (forth / forth[2, 2]).ravel())
    small = (h * 5 // 8, w * 5 // 8)
    crop_w, crop_h = w * 3 // 4, h * 3 // 4
    left, top = (w - crop_w) // 2, (h - crop_h) // 2
    jitter = augmentations.ColorJitter(0.4, 0.4, 0.4, 0.1)

    def resized_crop():
        part = imgproc.crop(pixels, w // 8, h // 8, crop_w, small[0])
        return imgproc.resize(part, (224, 224), "bilinear")

    cases = {
        "random_horizontal_flip": lambda: imgproc.horizontal_flip(pixels),
        "random_vertical_flip": lambda: imgproc.vertical_flip(pixels),
        "random_crop": lambda: imgproc.crop(pixels, left, top, crop_w, crop_h),
        "center_crop": lambda: imgproc.crop(pixels, left, top, crop_w, crop_h),
        "resize": lambda: imgproc.resize(pixels, small, "bilinear"),
        "resize/bicubic": lambda: imgproc.resize(pixels, small, "bicubic"),
        "resize/224": lambda: imgproc.resize(pixels, (224, 224), "bilinear"),
        "random_resized_crop": resized_crop,
        "random_rotation/bilinear": lambda: image.rotate(17),
        "random_affine": lambda: imgproc.warp_affine(pixels, affine, (h, w), "nearest"),
        "random_affine/bilinear": lambda: imgproc.warp_affine(pixels, affine, (h, w), "bilinear"),
        "random_perspective": lambda: imgproc.warp_perspective(
            pixels, perspective, (h, w), "bilinear"),
        "brightness": lambda: image.adjust_brightness(1.3),
        "contrast": lambda: image.adjust_contrast(1.3),
        "saturation": lambda: image.adjust_saturation(1.4),
        "hue": lambda: image.adjust_hue(0.1),
        "color_jitter": lambda: jitter(image),
        "random_grayscale": lambda: imgproc.rgb_from_gray(imgproc.gray_from_rgb(pixels)),
        "gaussian_blur": lambda: imgproc.gaussian_blur(pixels, (5, 5), (1.2, 1.2)),
        "gaussian_blur/23": lambda: imgproc.gaussian_blur(pixels, (23, 23), (1.2, 1.2)),
        "convert_f32": lambda: k.pipeline.resize_normalize_to_tensor(pixels, (h, w), MEAN, STD),
    }
    return cases, set(cases), versions("kornia_rs")


PEERS = {
    "pillow": pillow,
    "pillow-simd": pillow_simd,
    "torchvision-pil": torchvision_pil,
    "torchvision-tensor": torchvision_tensor,
    "opencv": opencv,
    "kornia-rs": kornia_rs,
}


def bound(transform, image):
    return lambda: transform(image)


def versions(*modules):
    return ", ".join(f"{name} {sys.modules[name].__version__}" for name in modules)


def measured(call, count):
    began = time.process_time_ns()
    for _ in range(count):
        call()
    return (time.process_time_ns() - began) / count


def checksum(call):
    result = call()
    return zlib.crc32(result.tobytes()) if hasattr(result, "tobytes") and hasattr(result, "mode") else "none"


def main():
    peer, width, height, path = sys.argv[1:]
    with open(path, "rb") as file:
        data = file.read()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    cases, other_bytes, version = PEERS[peer](data, int(width), int(height))
    failed = {}
    for name in list(cases):
        try:
            cases[name]()
        except Exception as error:  # a library that lost or changed a function keeps the others
            failed[name] = f"{type(error).__name__}: {error}"
            del cases[name]
    said = {"cases": sorted(cases), "other_bytes": sorted(other_bytes), "versions": version,
            "failed": failed}
    answers.write(json.dumps(said) + "\n")
    for line in sys.stdin:
        name, count = line.split()
        if name in cases and int(count) == 0:
            answers.write(f"{checksum(cases[name])}\n")
        elif name in cases:
            answers.write(f"{measured(cases[name], int(count)):.1f}\n")
        else:
            answers.write("none\n")


if __name__ == "__main__":
    main()
