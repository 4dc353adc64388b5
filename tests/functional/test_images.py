"""The smoke test's images: found in folders, manifests and S3, and refused with every reason."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from promote import errors
from promote.aws.images import Images
from promote.aws.sessions import Sessions
from promote.sandbox.seed import CICD, LEDGER_BUCKET
from promote.sandbox.world import BucketSeed, ObjectSeed
from tests.functional.adapter_world import REGION, adapter_world, sessions_of

if TYPE_CHECKING:
    from tests.functional.conftest import MakeSandbox


def picture(kind: str = "PNG", size: tuple[int, int] = (80, 64)) -> bytes:
    """Make an image file."""
    file = io.BytesIO()
    Image.new("RGB", size, "grey").save(file, kind)
    return file.getvalue()


def put(path: Path, content: bytes) -> None:
    """Write a file with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture
def images(tmp_path: Path) -> Images:
    return Images(tmp_path, Sessions(None, REGION, session_name="x"))


class TestFolder:
    def test_a_label_is_the_name_of_the_folder(self, tmp_path: Path, images: Images) -> None:
        put(tmp_path / "golden/wrench/2.JPG", picture("JPEG"))
        put(tmp_path / "golden/hammer/b.png", picture())
        put(tmp_path / "golden/hammer/a.jpeg", picture("JPEG"))
        put(tmp_path / "golden/hammer/notes.txt", b"no image")
        put(tmp_path / "golden/readme.png", picture())
        found = images.load("golden/")
        assert [(image.name, image.label) for image in found] == [
            ("hammer/a.jpeg", "hammer"),
            ("hammer/b.png", "hammer"),
            ("wrench/2.JPG", "wrench"),
        ]
        assert found[1].content == picture()

    def test_every_unusable_image_is_named_with_its_reason(
        self, tmp_path: Path, images: Images
    ) -> None:
        put(tmp_path / "golden/a/fine.png", picture())
        put(tmp_path / "golden/a/gif.png", picture("GIF"))
        put(tmp_path / "golden/a/huge.png", picture() + bytes(4 * 1024 * 1024))
        put(tmp_path / "golden/a/long.png", picture(size=(2000, 64)))
        put(tmp_path / "golden/a/small.png", picture(size=(63, 64)))
        put(tmp_path / "golden/a/wide.png", picture(size=(4097, 300)))
        with pytest.raises(errors.InputError) as raised:
            images.load("golden")
        assert raised.value.detail.splitlines() == [
            "a/gif.png: neither a PNG nor a JPEG file that can be read",
            f"a/huge.png: {len(picture()) + 4194304:,} bytes, at most 4,194,304 can be sent",
            "a/long.png: 2000 x 64 pixels, the long side may be at most 20 times the short one",
            "a/small.png: 63 x 64 pixels, each side must have at least 64",
            "a/wide.png: 4097 x 300 pixels, each side may have at most 4096",
        ]

    @pytest.mark.parametrize("location", ["missing", "empty"])
    def test_a_place_without_images_is_refused(
        self, tmp_path: Path, images: Images, location: str
    ) -> None:
        (tmp_path / "empty").mkdir()
        with pytest.raises(errors.InputError) as raised:
            images.load(location)
        assert raised.value.summary == "No images for the smoke test"


class TestManifest:
    def test_reads_lines_of_json(self, tmp_path: Path, images: Images) -> None:
        put(tmp_path / "set/x.png", picture())
        lines = [{"image": "x.png", "label": "hammer"}, {"image": "x.png", "label": "wrench"}]
        put(tmp_path / "set/all.jsonl", "\n\n".join(map(json.dumps, lines)).encode())
        found = images.load("set/all.jsonl")
        assert [(image.name, image.label) for image in found] == [
            ("x.png", "hammer"),
            ("x.png", "wrench"),
        ]

    def test_reads_columns(self, tmp_path: Path, images: Images) -> None:
        put(tmp_path / "set/x.png", picture())
        put(tmp_path / "set/all.csv", "label, image\nhammer, x.png\n".encode("utf-8-sig"))
        assert [image.label for image in images.load("set/all.csv")] == ["hammer"]

    @pytest.mark.parametrize(
        ("name", "text", "lines"),
        [
            ("all.jsonl", 'no json\n{"image": "x"}\n[1]\n', (1, 2, 3)),
            ("all.csv", "image,label\nx.png\n,hammer\n", (2, 3)),
        ],
    )
    def test_every_line_that_is_not_understood_is_named(
        self, tmp_path: Path, images: Images, name: str, text: str, lines: tuple[int, ...]
    ) -> None:
        put(tmp_path / name, text.encode())
        with pytest.raises(errors.InputError) as raised:
            images.load(name)
        assert raised.value.detail.splitlines() == [
            f"{tmp_path / name}:{line}: expected an image and a label" for line in lines
        ]

    def test_an_image_that_is_missing_is_named(self, tmp_path: Path, images: Images) -> None:
        put(tmp_path / "all.csv", b"image,label\nx.png,hammer\n")
        with pytest.raises(errors.InputError) as raised:
            images.load("all.csv")
        assert f"{tmp_path / 'x.png'}: No such file" in raised.value.detail


class TestS3:
    def test_reads_a_prefix_with_the_promoter_s_credentials(self, a_sandbox: MakeSandbox) -> None:
        objects = {
            "golden/hammer/1.png": picture(),
            "golden/wrench/1.jpg": picture("JPEG"),
            "golden/readme.txt": b"",
            "golden2/hammer/2.png": picture(),
            "golden/deep/er/3.png": picture(),
        }
        bucket = BucketSeed(
            account=CICD,
            name=LEDGER_BUCKET,
            objects=tuple(ObjectSeed.of(key, content) for key, content in objects.items()),
        )
        world = a_sandbox(replace(adapter_world(), buckets=(bucket,)))
        images = Images(".", sessions_of(world))
        for location in (f"s3://{LEDGER_BUCKET}/golden", f"s3://{LEDGER_BUCKET}/golden/"):
            found = images.load(location)
            assert [(image.name, image.label) for image in found] == [
                ("hammer/1.png", "hammer"),
                ("wrench/1.jpg", "wrench"),
            ]
        assert found[0].content == picture()
        with pytest.raises(errors.AccessDeniedError):
            Images(".", sessions_of(world, "stranger")).load(f"s3://{LEDGER_BUCKET}/golden/")
