"""What the makers of golden values share: a picture by formula, as the C++ tests have it, and a hash."""
from PIL import Image

M32 = 0xFFFFFFFF


def picture(width, height, seed):
    data = bytearray()
    for y in range(height):
        for x in range(width):
            for c in range(3):
                v = (x * 2654435761 + y * 2246822519 + c * 3266489917 + seed * 668265263) & M32
                v = ((v ^ (v >> 15)) * 2246822519) & M32
                noise = (v ^ (v >> 13)) & 255
                ramp = (x * 255 // max(1, width - 1) + y * 2 + c * 40) & 255
                data.append((noise + 3 * ramp) // 4)
    return Image.frombytes("RGB", (width, height), bytes(data))


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value
