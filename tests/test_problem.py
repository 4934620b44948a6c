import gzip
import re

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from sklearn.datasets import load_digits

from ssl_dynamics.analysis import fitted_order
from ssl_dynamics.problem import quadratic_form
from ssl_dynamics.problem.augmentations import augment
from ssl_dynamics.problem.datasets import load
from ssl_dynamics.problem.idx import read_idx
from ssl_dynamics.problem.mixture import mixture
from ssl_dynamics.problem.principal import principal_triplets
from ssl_dynamics.problem.sampling import draw_triplets
from ssl_dynamics.problem.starts.gaussian_nets import gaussian_factor, gaussian_net
from ssl_dynamics.problem.starts.gaussian_weights import gaussian_weights
from ssl_dynamics.problem.starts.layers import gaussian_layers, wide_layers, wide_starts
from ssl_dynamics.problem.starts.orthonormal import constrained_net, random_functions, random_orthonormal_start
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.settings.data import Augmentation, DatasetSettings

NOISE = {"kind": "noise", "standard_deviation": 0.1}


def dataset_settings(source, augmentations=(NOISE,), **more):
    values = {"source": source, "triplets": 50, "augmentations": list(augmentations), **more}
    return TypeAdapter(DatasetSettings).validate_python(values)


def augmentation(**values):
    return TypeAdapter(Augmentation).validate_python(values)


MIXTURE = {"dimension": 6, "components": 3, "separation": 2.0, "decay": 0.7, "items": 500, "test_items": 20}


# --- data sets


def test_shipped_fashion_mnist_is_real_balanced_and_split():
    data = load(dataset_settings("fashion-mnist", center=False), "x", root_seed=0)
    assert data.train.shape == (4000, 784)
    assert data.test.shape == (2000, 784)
    assert np.bincount(data.train_labels).tolist() == [400] * 10
    assert np.bincount(data.test_labels).tolist() == [200] * 10
    assert data.train.min() == 0
    assert data.train.max() == 1
    # Mean grey value of the full training part, known from the literature: 0.2860.
    assert data.train.mean() == pytest.approx(0.286, abs=0.003)
    train, test = ({row.tobytes() for row in part} for part in (data.train, data.test))
    assert len(train) > 3990
    assert not train & test


def test_digits_are_split_class_by_class():
    data = load(dataset_settings("digits", center=False), "x", root_seed=0)
    assert data.image_shape == (8, 8)
    assert len(data.train) + len(data.test) == 1797
    assert 0.19 < len(data.test) / 1797 < 0.2
    assert data.train.max() == 1


def test_digits_are_those_of_scikit_learn():
    data, given = load(dataset_settings("digits", center=False), "x", root_seed=0), load_digits()
    read = np.concatenate([data.train, data.test]), np.concatenate([data.train_labels, data.test_labels])
    order, expected = np.lexsort(read[0].T), np.lexsort(given.data.T)
    np.testing.assert_array_equal(16 * read[0][order], given.data[expected])
    np.testing.assert_array_equal(read[1][order], given.target[expected])


@pytest.mark.parametrize("source", ["fashion-mnist", "digits"])
def test_centred_on_the_train_part_alone(source):
    data = load(dataset_settings(source), "x", root_seed=0)
    np.testing.assert_allclose(data.train.mean(axis=0), 0, atol=1e-12)
    assert np.abs(data.test.mean(axis=0)).max() > 1e-3
    raw = load(dataset_settings(source, center=False), "x", root_seed=0)
    np.testing.assert_allclose(data.train - data.background, raw.train, atol=1e-12)


IDX_TYPES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def write_idx(path, array, *, magic=None, cut=0, compressed=None):
    magic = magic or bytes([0, 0, IDX_TYPES[array.dtype.name], array.ndim])
    content = magic + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    content += array.astype(array.dtype.newbyteorder(">")).tobytes()
    content = content[: len(content) - cut]
    compressed = path.suffix == ".gz" if compressed is None else compressed
    path.write_bytes(gzip.compress(content) if compressed else content)
    return path


IMAGES = np.arange(5 * 3 * 4, dtype=np.uint8).reshape(5, 3, 4)
LABELS = np.array([0, 1, 2, 1, 0], dtype=np.uint8)


@pytest.mark.parametrize("suffix", ["idx", "gz"])
def test_idx_files_are_read(tmp_path, suffix):
    images = write_idx(tmp_path / f"images.{suffix}", IMAGES)
    labels = write_idx(tmp_path / f"labels.{suffix}", LABELS)
    data = load(
        dataset_settings("idx", images=images, labels=labels, test_images=images, center=False), "x", root_seed=0
    )
    np.testing.assert_array_equal(data.train, IMAGES.reshape(5, 12) / 255)
    np.testing.assert_array_equal(data.train_labels, LABELS)
    assert data.test.shape == (5, 12)
    assert data.test_labels.shape == (0,)
    assert data.image_shape == (3, 4)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", ["labels", "labels.idx", "labels.gz", "labels.npz"])
def test_idx_files_are_read_by_what_they_hold_not_by_their_names(tmp_path, name, compressed):
    path = write_idx(tmp_path / name, LABELS, compressed=compressed)
    np.testing.assert_array_equal(read_idx(path, dimensions=1), LABELS)


@pytest.mark.parametrize("kind", IDX_TYPES)
def test_every_type_of_idx_is_read(tmp_path, kind):
    numbers = (np.array([[0, 1, 2], [100, 3, 127]]) * (1 if kind in ("uint8", "int8") else -200)).astype(kind)
    found = read_idx(write_idx(tmp_path / "numbers", numbers), dimensions=2)
    np.testing.assert_array_equal(found, numbers)
    assert found.dtype == numbers.dtype


@pytest.mark.parametrize("kind", ["int8", "int16", "int32"])
def test_labels_of_every_integer_type_count_and_only_bytes_are_scaled(tmp_path, kind):
    images = write_idx(tmp_path / "images", IMAGES.astype(np.int16) * 9)
    labels = write_idx(tmp_path / "labels", LABELS.astype(kind))
    data = load(dataset_settings("idx", images=images, labels=labels, center=False), "x", root_seed=0)
    np.testing.assert_array_equal(data.train_labels, LABELS)
    np.testing.assert_array_equal(data.train, IMAGES.reshape(5, 12) * 9.0)


def test_idx_numbers_that_are_no_labels_or_no_images_are_named(tmp_path):
    images = write_idx(tmp_path / "images", IMAGES)
    labels = write_idx(tmp_path / "labels", LABELS.astype(np.float32))
    with pytest.raises(ValueError, match=rf"^{labels}: 5 labels \(float32\); expected 5 whole numbers"):
        load(dataset_settings("idx", images=images, labels=labels), "x", root_seed=0)
    wrong = write_idx(tmp_path / "wrong", np.where(IMAGES == 7, np.nan, 1.0))
    with pytest.raises(ValueError, match=f"^{wrong}: holds values that are not finite"):
        load(dataset_settings("idx", images=images, test_images=wrong), "x", root_seed=0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("size", [1e160, -1e71, 1e308])
def test_values_whose_squares_are_past_float64_are_refused_without_a_warning(tmp_path, part, size):
    arrays = {"train": np.eye(4), "test": np.eye(4)}
    arrays[part] = arrays[part].copy()
    arrays[part][2, 1] = size
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(ValueError, match=re.escape(f"values reach {abs(size):.3g} in size; expected")):
        load(dataset_settings("npz", path=tmp_path / "own.npz"), "x", root_seed=0)


def test_values_that_are_all_tiny_are_refused_and_zeros_are_values(tmp_path):
    np.savez(tmp_path / "own.npz", train=1e-90 * np.eye(4))
    with pytest.raises(ValueError, match="values reach 1e-90 in size; expected between 1e-70 and 1e"):
        load(dataset_settings("npz", path=tmp_path / "own.npz"), "x", root_seed=0)
    np.savez(tmp_path / "own.npz", train=np.zeros((4, 4)))
    load(dataset_settings("npz", path=tmp_path / "own.npz"), "x", root_seed=0)


NOT_IDX = "not an IDX file, by its first bytes; expected an IDX file, plain or gzip-compressed"
SPOILT = {
    "missing": (lambda _: None, "No such file.*expected an IDX file"),
    "short": (lambda path: write_idx(path, IMAGES, cut=7), r"69 bytes; expected 76 for uint8 of shape \(5, 3, 4\)"),
    "header": (
        lambda path: path.write_bytes(b"\0\0\x08\x03\0\0"),
        "6 bytes; expected at least the 16 bytes of its header",
    ),
    "empty": (lambda path: path.write_bytes(b""), "empty; expected an IDX file, plain or gzip-compressed"),
    "type": (lambda path: write_idx(path, IMAGES, magic=b"\0\0\x0a\x03"), NOT_IDX),
    "long type": (
        lambda path: write_idx(path, IMAGES, magic=b"\0\0\x0d\x03"),
        r"76 bytes; expected 256 for float32 of shape \(5, 3, 4\)",
    ),
    "archive": (lambda path: path.write_bytes(b"PK\x03\x04, as .npz files begin"), NOT_IDX),
    "dimensions": (lambda path: write_idx(path, LABELS), "has 1 dimensions; expected 3"),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILT.values(), ids=SPOILT)
def test_damaged_idx_files_are_named_with_what_was_expected(tmp_path, spoil, message):
    path = tmp_path / "images.idx"
    spoil(path)
    with pytest.raises(ValueError, match=f"^{path}: {message}") as caught:
        load(dataset_settings("idx", images=path), "x", root_seed=0)
    assert "\n" not in str(caught.value)


def test_damaged_gzip_is_named(tmp_path):
    path = write_idx(tmp_path / "images.gz", IMAGES)
    whole = path.read_bytes()
    for content, message in (
        (whole[:-10], "truncated or damaged gzip"),
        (whole[:20] + bytes([whole[20] ^ 255]) + whole[21:], "truncated or damaged gzip"),
        (b"plain text", "not an IDX file, by its first bytes"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"^{path}: {message}"):
            load(dataset_settings("idx", images=path), "x", root_seed=0)


def test_idx_labels_must_match_the_images(tmp_path):
    images = write_idx(tmp_path / "images.idx", IMAGES)
    labels = write_idx(tmp_path / "labels.idx", LABELS[:3])
    with pytest.raises(ValueError, match=rf"^{labels}: 3 labels \(uint8\); expected 5"):
        load(dataset_settings("idx", images=images, labels=labels), "x", root_seed=0)
    small = write_idx(tmp_path / "small.idx", IMAGES[:, :2])
    with pytest.raises(ValueError, match=rf"^{small}: images of \(2, 4\); expected \(3, 4\)"):
        load(dataset_settings("idx", images=images, test_images=small), "x", root_seed=0)


def test_npz_arrays_are_read(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, train=np.ones((4, 3)), test=np.zeros((2, 3)), train_labels=np.arange(4))
    data = load(dataset_settings("npz", path=path, center=False), "x", root_seed=0)
    assert data.train.shape == (4, 3)
    assert data.test.shape == (2, 3)
    assert data.image_shape is None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"train": np.ones((1, 3))}, r"'train' has shape \(1, 3\); expected at least 2 items"),
        ({"train": np.ones((0, 3))}, r"'train' has shape \(0, 3\); expected at least 2 items"),
        ({"train": np.ones((4, 3), complex)}, r"'train' \(complex128\) holds values that are not finite real numbers"),
        ({"images": np.ones((4, 3))}, r"holds \['images'\]; expected .* 'train'"),
        ({"train": np.ones(4)}, r"'train' has shape \(4,\)"),
        ({"train": np.ones((4, 3)), "test": np.ones((2, 5))}, r"'test' has shape \(2, 5\)"),
        ({"train": np.full((4, 3), np.nan)}, r"'train' \(float64\) holds values that are not finite real numbers"),
        ({"train": np.full((4, 3), "a")}, r"'train' \(<U1\) holds values that are not finite real numbers"),
        ({"train": np.ones((4, 3)), "train_labels": np.arange(3)}, r"'train_labels' is int64 of shape \(3,\)"),
    ],
)
def test_wrong_arrays_are_named_with_what_was_expected(tmp_path, arrays, message):
    path = tmp_path / "mine.npz"
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=f"^{path}: {message}") as caught:
        load(dataset_settings("npz", path=path), "x", root_seed=0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut off", None])
def test_damaged_npz_files_are_named(tmp_path, content):
    path = tmp_path / "mine.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f"^{path}: .*expected an .npz file"):
        load(dataset_settings("npz", path=path), "x", root_seed=0)


def test_parts_are_scaled_each_by_its_type(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, train=np.ones((4, 3)), test=np.full((2, 3), 255, np.uint8))
    assert load(dataset_settings("npz", path=path, center=False), "x", root_seed=0).test.max() == 1


def test_array_file_under_the_name_of_an_archive_is_named(tmp_path):
    path = tmp_path / "mine.npz"
    with path.open("wb") as file:
        np.save(file, np.ones((4, 3)))
    with pytest.raises(ValueError, match=f"^{path}: truncated, damaged or not an .npz file"):
        load(dataset_settings("npz", path=path), "x", root_seed=0)


def test_empty_images_are_named(tmp_path):
    images = write_idx(tmp_path / "images.idx", np.zeros((5, 0, 4), np.uint8))
    with pytest.raises(ValueError, match=rf"^{images}: images of shape \(5, 0, 4\)"):
        load(dataset_settings("idx", images=images), "x", root_seed=0)


def test_truncated_npz_is_named(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, train=np.ones((40, 30)))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match=f"^{path}: truncated"):
        load(dataset_settings("npz", path=path), "x", root_seed=0)


# --- augmentations


def positives(items, settings, shape, *, background=None, seed=0):
    background = np.zeros(items.shape[1]) if background is None else background
    return augment(items, settings, np.random.default_rng(seed), image_shape=shape, background=background)


def test_shift_moves_a_pixel_by_at_most_so_much_and_every_way():
    image = np.zeros((1, 7, 7))
    image[0, 3, 3] = 1
    moved = positives(np.repeat(image, 400, 0).reshape(400, 49), [augmentation(kind="shift", pixels=1)], (7, 7))
    places = {tuple(np.argwhere(one.reshape(7, 7) == 1)[0]) for one in moved}
    assert places == {(i, j) for i in (2, 3, 4) for j in (2, 3, 4)}
    np.testing.assert_array_equal(moved.sum(axis=1), 1)


def test_geometry_acts_on_the_raw_image_of_centred_data():
    raw = np.random.default_rng(0).uniform(size=(20, 49))
    mean = raw.mean(axis=0)
    settings = [augmentation(kind="shift", pixels=2), augmentation(kind="erasing", largest=0.5)]
    centred = positives(raw - mean, settings, (7, 7), background=-mean)
    np.testing.assert_allclose(centred + mean, positives(raw, settings, (7, 7)), atol=1e-14)


def test_flip_mirrors_left_to_right():
    items = np.arange(12.0).reshape(1, 12)
    flipped = positives(items, [augmentation(kind="flip", probability=1.0)], (3, 4))
    np.testing.assert_array_equal(flipped.reshape(3, 4), items.reshape(3, 4)[:, ::-1])
    np.testing.assert_array_equal(positives(items, [augmentation(kind="flip", probability=0.0)], (3, 4)), items)


def test_crop_of_the_whole_changes_nothing_and_a_crop_magnifies():
    columns = np.tile(np.arange(8.0), (8, 1)).reshape(1, 64)
    whole = positives(columns, [augmentation(kind="crop", smallest=1.0)], (8, 8))
    np.testing.assert_allclose(whole, columns, atol=1e-12)
    crops = positives(np.repeat(columns, 50, 0), [augmentation(kind="crop", smallest=0.5)], (8, 8)).reshape(50, 8, 8)
    slopes = np.diff(crops, axis=2)
    assert slopes.min() >= 0.5 - 1e-9
    assert slopes.max() <= 1 + 1e-9
    assert np.ptp(slopes[:, 0, 0]) > 0.2


def test_erasing_sets_a_rectangle_to_zero():
    erased = positives(np.ones((200, 100)), [augmentation(kind="erasing", largest=0.4)], (10, 10)).reshape(200, 10, 10)
    for image in erased:
        rows, columns = np.where(image == 0)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert len(rows) == height * width
        assert height <= 4
        assert width <= 4


def test_noise_has_its_standard_deviation():
    noisy = positives(np.zeros((2000, 9)), [augmentation(**NOISE)], None)
    assert noisy.std() == pytest.approx(0.1, rel=0.05)


def test_images_only_augmentations_refuse_vectors():
    with pytest.raises(ValueError, match="'shift' needs images, not plain vectors: use noise"):
        positives(np.ones((2, 9)), [augmentation(kind="shift", pixels=1)], None)


def test_settings_refuse_what_no_image_can_do():
    for values in ({"kind": "shift", "pixels": 0}, {"kind": "crop", "smallest": 1.5}, {"kind": "blur"}):
        with pytest.raises(ValidationError):
            augmentation(**values)


# --- triplets, C, starts


def test_negatives_are_other_items_and_anchors_recur_only_after_all_have_served():
    settings = dataset_settings("gaussian-mixture", **{**MIXTURE, "items": 30}, triplets=45)
    data = load(settings, "x", root_seed=1)
    for seed in range(10):
        triplets = draw_triplets(data, settings, np.random.default_rng(seed))
        assert triplets.anchor.shape == (45, 6)
        assert (np.abs(triplets.anchor - triplets.negative).max(axis=1) > 0).all()
        assert len(np.unique(triplets.anchor[:30], axis=0)) == 30
        assert np.abs(triplets.positive - triplets.anchor).max() < 1


def test_single_item_cannot_be_its_own_negative():
    settings = dataset_settings("gaussian-mixture", **{**MIXTURE, "items": 1})
    with pytest.raises(ValueError, match="has 1 items; expected at least 2"):
        draw_triplets(load(settings, "x", root_seed=0), settings, np.random.default_rng(0))


def test_quadratic_form_that_overflows_is_refused():
    with pytest.raises(ValueError, match=r"values up to 1e\+200 overflow float64"):
        quadratic_form(np.full((2, 2), 1e200), np.full((2, 2), 1e200), loss="non-contrastive")


@pytest.mark.parametrize(("components", "kept"), [(3, 3), (50, 5)])
def test_points_are_the_best_approximation_of_their_rank_up_to_one_factor(components, kept):
    random = np.random.default_rng(0)
    plane = random.standard_normal((5, 12))
    whole = [random.standard_normal((9, 5)) @ plane for _ in range(3)]  # together of rank 5
    reduced = principal_triplets(Triplets(*whole), n=6, components=components)
    points = np.concatenate([part[:6] for part in whole])
    found = np.concatenate([reduced.anchor, reduced.positive, reduced.negative])
    assert found.shape == (18, kept)
    assert (found**2).sum() == pytest.approx(18 * kept)  # mean |x|² = d
    values, vectors = np.linalg.eigh(points @ points.T)
    best = (vectors[:, -kept:] * values[-kept:]) @ vectors[:, -kept:].T
    np.testing.assert_allclose(found @ found.T, best * 18 * kept / np.trace(best), atol=1e-10 * 18 * kept)


@pytest.mark.parametrize("loss", ["contrastive", "non-contrastive"])
@pytest.mark.parametrize("center", [True, False])
def test_sample_converges_to_the_population_form_of_the_mixture(loss, center):
    sizes = np.array([1000, 4000, 16000, 64000])
    settings = dataset_settings("gaussian-mixture", **MIXTURE, center=center)
    population = mixture(settings, "x", root_seed=0).population_quadratic_form(loss, centered=center)
    errors = []
    for size in sizes:
        repeated = []
        for root_seed in range(8):
            more = settings.model_copy(update={"items": int(size), "triplets": int(size)})
            population = mixture(more, "x", root_seed).population_quadratic_form(loss, centered=center)
            triplets = draw_triplets(load(more, "x", root_seed), more, np.random.default_rng(root_seed))
            negative = triplets.negative if loss == "contrastive" else None
            C = quadratic_form(triplets.anchor, triplets.positive, negative, loss=loss)
            repeated.append(np.linalg.norm(C - population))
        errors.append(np.mean(repeated))
    assert fitted_order(sizes, errors) == pytest.approx(-0.5, abs=0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "triplet"}, "loss 'triplet' is unknown; allowed"),
        ({"loss": "contrastive"}, "needs `negative`"),
        ({"loss": "non-contrastive", "negative": np.ones((4, 3))}, "leave `negative` out"),
        ({"loss": "contrastive", "negative": np.ones((4, 2))}, r"one shape .*\(4, 2\)"),
        ({"loss": "non-contrastive", "positive": np.ones((5, 3))}, r"one shape .*\(5, 3\)"),
        ({"loss": "non-contrastive", "anchor": np.ones(3)}, r"anchor must have shape .*got \(3,\)"),
        ({"loss": "non-contrastive", "anchor": np.full((4, 3), np.inf)}, "anchor holds 12 values that are not finite"),
    ],
)
def test_quadratic_form_refuses(arguments, message):
    values = {"anchor": np.ones((4, 3)), "positive": np.ones((4, 3)), **arguments}
    with pytest.raises(ValueError, match=message):
        quadratic_form(**values)


def test_single_triplet_by_hand():
    x, x_positive, x_negative = np.array([[1.0, 2.0]]), np.array([[0.0, 1.0]]), np.array([[3.0, 0.0]])
    difference = x_negative - x_positive
    expected = (x.T @ difference + difference.T @ x) / 2
    np.testing.assert_array_equal(quadratic_form(x, x_positive, x_negative, loss="contrastive"), expected)


def test_starts_are_orthonormal():
    start = random_orthonormal_start(9, 2, seeds=2, root_seed=1, name="a")
    assert np.abs(start.mT @ start - np.eye(2)).max() < 1e-14


def first_of(result):
    """One array of what a function draws: the seeds side by side."""
    return result[0] if isinstance(result, tuple | list) else result


STARTS = {
    "orthonormal": lambda s, name: random_orthonormal_start(8, 2, seeds=s, root_seed=1, name=name),
    "functions": lambda s, name: random_functions(np.eye(8), 2, seeds=s, root_seed=1, names=(name,)),
    "constrained net": lambda s, name: constrained_net(3, 2, 8, seeds=s, root_seed=1, name=name),
    "wide layers": lambda s, name: wide_layers(3, 2, 8, seeds=s, root_seed=1, name=name),
    "wide starts": lambda s, name: wide_starts(3, 2, 8, draws=1, seeds=s, root_seed=1, name=name),
    "gaussian layers": lambda s, name: gaussian_layers(3, 2, 8, seeds=s, root_seed=1, name=name),
    "gaussian weights": lambda s, name: gaussian_weights((3, 8, 2), seeds=s, root_seed=1, names=(name,)),
    "gaussian factor": lambda s, name: gaussian_factor(3, 2, 8, seeds=s, root_seed=1, name=name),
    "gaussian net": lambda s, name: gaussian_net(
        np.ones((s, 1, 1)) * np.eye(5)[:, :3], np.ones((s, 1, 1)) * np.eye(5)[:, 3:], 8, root_seed=1, name=name
    ),
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_every_seed_has_a_stream_of_its_own_by_its_name(start):
    drawn = first_of(start(4, "a"))
    np.testing.assert_array_equal(first_of(start(2, "a")), drawn[:2])
    for other in (np.roll(drawn, 1, axis=0), np.roll(drawn, 2, axis=0), first_of(start(4, "b"))):
        assert (np.abs(drawn - other).reshape(4, -1).max(axis=1) > 0.1).all()


def test_nets_of_other_widths_or_dimensions_have_streams_of_their_own():
    nets = [constrained_net(3, z, h, seeds=1, root_seed=1, name="a")[0][0] for z, h in ((2, 8), (2, 9), (1, 8))]
    for other in nets[1:]:
        assert np.abs(nets[0] - other[:8]).max() > 0.1


def test_start_refuses_more_columns_than_rows():
    with pytest.raises(ValueError, match="between 1 and d = 3; got 4"):
        random_orthonormal_start(3, 4, seeds=2, root_seed=0, name="a")
