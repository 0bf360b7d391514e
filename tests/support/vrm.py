"""Small VRM models made on the spot: boxes on a skeleton, with a face that changes shape."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any, Literal

import numpy as np

Version = Literal["0", "1"]

#: Bones by name: parent and place in metres, standing at the origin and looking along +Z.
BONES: dict[str, tuple[str | None, tuple[float, float, float]]] = {
    "hips": (None, (0, 0.9, 0)),
    "spine": ("hips", (0, 0.15, 0)),
    "chest": ("spine", (0, 0.15, 0)),
    "neck": ("chest", (0, 0.22, 0)),
    "head": ("neck", (0, 0.08, 0)),
    "leftEye": ("head", (0.04, 0.1, 0.1)),
    "rightEye": ("head", (-0.04, 0.1, 0.1)),
    "leftUpperArm": ("chest", (0.15, 0.15, 0)),
    "leftLowerArm": ("leftUpperArm", (0.25, 0, 0)),
    "leftHand": ("leftLowerArm", (0.25, 0, 0)),
    "rightUpperArm": ("chest", (-0.15, 0.15, 0)),
    "rightLowerArm": ("rightUpperArm", (-0.25, 0, 0)),
    "rightHand": ("rightLowerArm", (-0.25, 0, 0)),
    "leftUpperLeg": ("hips", (0.08, -0.05, 0)),
    "leftLowerLeg": ("leftUpperLeg", (0, -0.4, 0)),
    "leftFoot": ("leftLowerLeg", (0, -0.4, 0)),
    "rightUpperLeg": ("hips", (-0.08, -0.05, 0)),
    "rightLowerLeg": ("rightUpperLeg", (0, -0.4, 0)),
    "rightFoot": ("rightLowerLeg", (0, -0.4, 0)),
}
#: Boxes: bone, size, centre from the bone, colour.
BOXES: dict[str, tuple[str, tuple[float, ...], tuple[float, ...], tuple[float, ...]]] = {
    "skull": ("head", (0.2, 0.24, 0.2), (0, 0.1, 0), (0.95, 0.78, 0.68)),
    "mouth": ("head", (0.07, 0.012, 0.01), (0, 0.03, 0.105), (0.5, 0.1, 0.15)),
    "eyeL": ("leftEye", (0.045, 0.05, 0.01), (0, 0.02, 0.008), (0.05, 0.3, 0.6)),
    "eyeR": ("rightEye", (0.045, 0.05, 0.01), (0, 0.02, 0.008), (0.05, 0.3, 0.6)),
    "browL": ("head", (0.06, 0.012, 0.01), (0.045, 0.18, 0.106), (0.4, 0.2, 0.1)),
    "browR": ("head", (0.06, 0.012, 0.01), (-0.045, 0.18, 0.106), (0.4, 0.2, 0.1)),
    "body": ("chest", (0.28, 0.5, 0.16), (0, -0.05, 0), (0.25, 0.3, 0.6)),
}
#: Expressions by VRM 1's names: which box takes which size and moves where.
SHAPES: dict[str, dict[str, tuple[tuple[float, ...], tuple[float, ...]]]] = {
    "aa": {"mouth": ((0.9, 6, 1), (0, -0.02, 0))},
    "ih": {"mouth": ((1.2, 2, 1), (0, 0, 0))},
    "ou": {"mouth": ((0.4, 2.5, 1), (0, 0, 0))},
    "ee": {"mouth": ((1.3, 3, 1), (0, 0, 0))},
    "oh": {"mouth": ((0.6, 5, 1), (0, -0.01, 0))},
    "blinkLeft": {"eyeL": ((1.1, 0.1, 1), (0, -0.01, 0))},
    "blinkRight": {"eyeR": ((1.1, 0.1, 1), (0, -0.01, 0))},
    "happy": {"mouth": ((1.7, 2.4, 1), (0, 0.01, 0)), "browL": ((1, 1, 1), (0, 0.02, 0))},
    "sad": {"browL": ((0.6, 1, 1), (-0.01, 0.02, 0)), "mouth": ((0.6, 1, 1), (0, -0.01, 0))},
    "angry": {"browL": ((1.2, 2, 1), (0, -0.03, 0)), "browR": ((1.2, 2, 1), (0, -0.03, 0))},
    "surprised": {"eyeL": ((1, 1.5, 1), (0, 0, 0)), "eyeR": ((1, 1.5, 1), (0, 0, 0))},
    "relaxed": {"mouth": ((1.4, 1, 1), (0, 0.005, 0)), "eyeL": ((1, 0.6, 1), (0, 0, 0))},
}
#: VRM 0's names for the same.
OLD = {
    "aa": "a",
    "ih": "i",
    "ou": "u",
    "ee": "e",
    "oh": "o",
    "blinkLeft": "blink_l",
    "blinkRight": "blink_r",
    "happy": "joy",
    "sad": "sorrow",
    "angry": "angry",
    "relaxed": "fun",
}
_CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
_FACES = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
)


def png(width: int = 2, height: int = 2, *, claims: tuple[int, int] | None = None) -> bytes:
    """A white picture. claims: what its header says of its size instead."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", *(claims or (width, height)), 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\xff" * 3 * width) * height
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    )


def glb(document: dict[str, Any], body: bytes) -> bytes:
    """A binary glTF file of these two parts."""
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body += b"\0" * (-len(body) % 4)
    length = 12 + 8 + len(text) + 8 + len(body)
    parts = (struct.pack("<4sII", b"glTF", 2, length), struct.pack("<II", len(text), 0x4E4F534A))
    return b"".join((*parts, text, struct.pack("<II", len(body), 0x004E4942), body))


class _Maker:
    def __init__(self, version: Version) -> None:
        self.facing = 1.0 if version == "1" else -1.0
        self.body = bytearray()
        self.document: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "MIA's tests"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [],
            "meshes": [],
            "materials": [],
            "accessors": [],
            "bufferViews": [],
            "images": [],
            "textures": [],
            "buffers": [{"byteLength": 0}],
        }

    def view(self, data: bytes) -> int:
        self.body += b"\0" * (-len(self.body) % 4)
        views: list[dict[str, Any]] = self.document["bufferViews"]
        views.append({"buffer": 0, "byteOffset": len(self.body), "byteLength": len(data)})
        self.body += data
        return len(views) - 1

    def numbers(self, values: Any, kind: str) -> int:
        floats = kind == "VEC3"
        array = np.ascontiguousarray(values, "<f4" if floats else "<u2")
        accessor = {
            "bufferView": self.view(array.tobytes()),
            "componentType": 5126 if floats else 5123,
            "count": len(array),
            "type": kind,
        }
        if floats:
            accessor |= {"min": array.min(0).tolist(), "max": array.max(0).tolist()}
        self.document["accessors"].append(accessor)
        return len(self.document["accessors"]) - 1

    def turned(self, place: Any) -> Any:
        """In the model's own space: VRM 0 looks along -Z."""
        return np.asarray(place) * (self.facing, 1, self.facing)

    def bones(self) -> dict[str, int]:
        nodes: list[dict[str, Any]] = self.document["nodes"]
        found: dict[str, int] = {}
        for name, (parent, place) in BONES.items():
            found[name] = len(nodes)
            nodes.append({"name": name, "translation": self.turned(place).tolist()})
            if parent:
                nodes[found[parent]].setdefault("children", []).append(found[name])
        return found

    def box(self, name: str, bones: dict[str, int], texture: int) -> tuple[int, list[str]]:
        bone, size, centre, colour = BOXES[name]
        corners = _CORNERS * size
        points = self.turned(corners[_FACES].reshape(-1, 3) + centre)
        sides = np.arange(len(_FACES))[:, None] * 4
        indices = (sides + np.array([0, 1, 2, 0, 2, 3])).reshape(-1)
        a, b, c = (corners[_FACES[:, n]] for n in (0, 1, 2))
        flat = np.cross(b - a, c - a)
        normals = self.turned(np.repeat(flat / np.linalg.norm(flat, axis=1)[:, None], 4, axis=0))
        shapes = [shape for shape, boxes in SHAPES.items() if name in boxes]
        targets = []
        for shape in shapes:
            scale, move = SHAPES[shape][name]
            moved = self.turned((corners * scale + move)[_FACES].reshape(-1, 3) + centre)
            targets.append({"POSITION": self.numbers(moved - points, "VEC3")})
        document = self.document
        material: dict[str, Any] = {"baseColorFactor": [*colour, 1], "metallicFactor": 0}
        if name == "skull":
            material["baseColorTexture"] = {"index": texture}
        document["materials"].append({"pbrMetallicRoughness": material, "doubleSided": True})
        primitive = {
            "attributes": {
                "POSITION": self.numbers(points, "VEC3"),
                "NORMAL": self.numbers(normals, "VEC3"),
            },
            "indices": self.numbers(indices, "SCALAR"),
            "material": len(document["materials"]) - 1,
        }
        if targets:
            primitive["targets"] = targets
        document["meshes"].append({"name": name, "primitives": [primitive]})
        document["nodes"].append({"name": name, "mesh": len(document["meshes"]) - 1})
        node = len(document["nodes"]) - 1
        document["nodes"][bones[bone]].setdefault("children", []).append(node)
        return node, shapes


def parts(version: Version = "1", picture: bytes | None = None) -> tuple[dict[str, Any], bytes]:
    """A whole model as a document and its body, for a test to spoil."""
    maker = _Maker(version)
    document = maker.document
    document["images"].append({"bufferView": maker.view(picture or png()), "mimeType": "image/png"})
    document["textures"].append({"source": 0})
    bones = maker.bones()
    binds: dict[str, list[tuple[int, int, int]]] = {}
    for name in BOXES:
        node, shapes = maker.box(name, bones, 0)
        for index, shape in enumerate(shapes):
            mesh = document["nodes"][node]["mesh"]
            binds.setdefault(shape, []).append((node, mesh, index))
    document["buffers"][0]["byteLength"] = len(maker.body) + -len(maker.body) % 4
    extension = _one(bones, binds) if version == "1" else _zero(bones, binds)
    document["extensions"] = extension
    document["extensionsUsed"] = list(extension)
    return document, bytes(maker.body)


def _one(bones: dict[str, int], binds: dict[str, list[tuple[int, int, int]]]) -> dict[str, Any]:
    reach = {"inputMaxValue": 90, "outputScale": 30}
    preset = {
        shape: {
            "morphTargetBinds": [
                {"node": node, "index": index, "weight": 1} for node, _, index in found
            ]
        }
        for shape, found in binds.items()
    }
    return {
        "VRMC_vrm": {
            "specVersion": "1.0",
            "meta": {
                "name": "box",
                "version": "1",
                "authors": ["MIA's tests"],
                "licenseUrl": "https://vrm.dev/licenses/1.0/",
            },
            "humanoid": {"humanBones": {name: {"node": node} for name, node in bones.items()}},
            "expressions": {"preset": preset},
            "lookAt": {
                "type": "bone",
                "offsetFromHeadBone": [0, 0.1, 0.1],
                "rangeMapHorizontalInner": reach,
                "rangeMapHorizontalOuter": reach,
                "rangeMapVerticalDown": reach,
                "rangeMapVerticalUp": reach,
            },
        }
    }


def _zero(bones: dict[str, int], binds: dict[str, list[tuple[int, int, int]]]) -> dict[str, Any]:
    groups = [
        {
            "name": shape,
            "presetName": OLD.get(shape, "unknown"),
            "binds": [{"mesh": mesh, "index": index, "weight": 100} for _, mesh, index in found],
            "materialValues": [],
        }
        for shape, found in binds.items()
    ]
    degrees = {"curve": [0, 0, 0, 1, 1, 1, 1, 0], "xRange": 90, "yRange": 30}
    return {
        "VRM": {
            "specVersion": "0.0",
            "meta": {"title": "box", "version": "1", "author": "MIA's tests"},
            "humanoid": {
                "humanBones": [{"bone": name, "node": node} for name, node in bones.items()]
            },
            "blendShapeMaster": {"blendShapeGroups": groups},
            "firstPerson": {
                "firstPersonBone": bones["head"],
                "lookAtTypeName": "Bone",
                "lookAtHorizontalInner": degrees,
                "lookAtHorizontalOuter": degrees,
                "lookAtVerticalDown": degrees,
                "lookAtVerticalUp": degrees,
            },
            "secondaryAnimation": {"boneGroups": [], "colliderGroups": []},
        }
    }


def model(version: Version = "1") -> bytes:
    """A whole VRM file of some 20 kB."""
    return glb(*parts(version))
