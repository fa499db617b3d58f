import dataclasses

import numpy as np
import pytest

from analysis.twin.adaptation import adapt
from analysis.twin.comparison import compare
from analysis.twin.excite_image import ImageResponses, exciting_images
from analysis.twin.files import load_readouts, load_twin, save_readouts, save_twin
from analysis.twin.images import FeatureGrid, image_shape
from analysis.twin.placing import derivatives
from analysis.twin.rates import RateModel
from analysis.twin.readout import initial_readouts, location_weights
from analysis.twin.scores import correlation
from analysis.twin.session import Stream, require_alike
from analysis.twin.settings import AdaptSettings, ImageSettings, TwinSettings
from analysis.twin.truth_images import ImagePlan, plant_images
from analysis.twin.twin import Twin
from analysis.twin.unseen import score_unseen
from rodent.cli import main
from rodent.errors import InputError
from tests.analysis.twin.conftest import behavior
from tests.analysis.twin.rats import write_rat

PLAN = ImagePlan(
    size=12,
    minutes=2.0,
    neurons=6,
    complex_cells=0.34,
    border=4,
    frequency=(0.15, 0.2),
    width=(1.2, 1.4),
    rate=15.0,
)
SMALL = TwinSettings(
    core="convolution", kernel=7, channels=6, hidden=8, steps=60, chunk_seconds=2.0, lag_seconds=0.1, seed=1
)
FEW = AdaptSettings(strengths=(3.0, 1.0), components=12)


@pytest.fixture(scope="module")
def animals():
    return plant_images(PLAN, animals=3, seed=0)


@pytest.fixture(scope="module")
def sessions(animals):
    return [one.session for one in animals]


@pytest.fixture(scope="module")
def twin(sessions):
    return Twin(SMALL).fit(sessions[:2])


@pytest.fixture(scope="module")
def readouts(twin, sessions):
    return adapt(twin, sessions[2], FEW, 1.5)


def pixels(place, twin):
    """Places on the plan in pixels of the image."""
    return np.asarray(place) * FeatureGrid.of(twin.layout_, twin.settings.kernel).unit + (PLAN.size - 1) / 2


def test_planted_places_are_found(twin, readouts, animals):
    for place, planted in ((twin.readouts_[0]["place"], animals[0]), (readouts.place, animals[2])):
        away = np.linalg.norm(pixels(place, twin) - planted.place, axis=1)
        assert np.median(away) < 1.0 and away.max() < 2.0


def test_a_new_animal_is_predicted_at_its_places(twin, readouts, sessions, animals):
    (point,) = (one for one in compare({"core": twin}, sessions[2:], (1.0,), FEW, 0.5) if one.model == "core")
    assert point.bits.median > 0.05 and point.predicted >= 0.5
    tensor, plan = readouts.tensor(twin), twin.plan
    assert tensor.shape == (6, 5, 36, 6)
    # what the tensor reads from all features is what was fitted at the places
    windows, columns = twin.windows(sessions[2]), twin.perspective_.columns(sessions[2])
    features = twin._run(columns[windows.bins[:1]])[0].reshape(-1, 36, 6)
    at = int(np.flatnonzero(windows.predicted[0])[0])
    direct = sum(np.einsum("npc,pc->n", tensor[:, i], features[at - lag]) for i, lag in enumerate(plan.lags))
    used = min(FEW.components, twin.basis_.shape[-1])
    first = next(iter(twin.features_at(sessions[2], used, readouts.place)))[0, :, :used]
    assert np.allclose(direct, (first * readouts.coefficients[:used].T).sum(1), atol=1e-4)
    # neurons come back in their order
    assert readouts.neurons == sessions[2].neurons
    assert np.allclose(readouts.mean, animals[2].session.counts[windows.rows[: readouts.fitted_rows]].mean(0))


def test_places_in_the_image_have_noise_in_training_only(twin, rng):
    import jax

    found = initial_readouts(rng, np.ones(3), channels=2, slow=0, noise=(0.4, 0.3))
    still, _ = location_weights(found, twin.plan)
    again, _ = location_weights(found, twin.plan)
    noisy, _ = location_weights(found, twin.plan, jax.random.PRNGKey(0))
    assert np.array_equal(still, again) and not np.allclose(still, noisy)


def test_files_of_images_come_back(twin, readouts, sessions, tmp_path):
    save_twin(twin, tmp_path / "twin", {})
    save_readouts(readouts, tmp_path / "r.safetensors")
    found, read = load_twin(tmp_path / "twin"), load_readouts(tmp_path / "r.safetensors")
    assert found.digest == twin.digest and image_shape(found.layout_) == (12, 12, 1)
    assert np.allclose(read.predict(found, sessions[2]), readouts.predict(twin, sessions[2]), rtol=1e-5)


def test_commands_refuse_images_in_one_line(twin, readouts, body, tmp_path, capsys):
    rats = [[str(path) for path in write_rat(body, tmp_path, f"rat{seed}", seed)] for seed in range(2)]
    saved, out = str(tmp_path / "twin"), str(tmp_path / "out")
    save_twin(twin, tmp_path / "twin", {})
    fit = ["twin", "fit", *rats[0], "--session", *rats[1], "--core", "convolution", "--out", out]
    cases = {
        "one stream of images, and the streams are joints, velocities; take another --core": fit,
        "kernel is 0; it must be at least 1": [*fit, "--kernel", "0"],
        "the twin sees images of 12 x 12 pixels": ["twin", "adapt", *rats[0], "--twin", saved, "--out", out],
        "and commands read none; use it in Python": ["twin", "score", *rats[0], "--twin", saved],
        "see Images on the page Digital twins": [
            "twin",
            "map",
            *rats[0],
            "--twin",
            saved,
            "--label",
            "region",
        ],
    }
    for message, words in cases.items():
        assert main(words) == 2, words
        error = capsys.readouterr().err.strip().splitlines()
        assert message in error[-1] and error[-1].startswith("rodent: ")


def test_what_movies_show_can_be_held_out(sessions):
    shown = np.where(np.arange(sessions[0].n_bins) // 400 % 3 == 1, "noise", "faces")
    labelled = [dataclasses.replace(one, behavior=shown) for one in sessions]
    twin = Twin(dataclasses.replace(SMALL, steps=3, hold_out="noise")).fit(labelled[:2])
    found = score_unseen({"core": twin}, labelled[2:], 0.6, FEW, 0.5)
    assert found.behavior == "noise" and set(found.models) == {"GLM", "core"}


def test_ascent_finds_the_filter_of_a_linear_model(sessions):
    """A core of weighted sums of pixels: the most exciting image is the filter that they make."""
    settings = dataclasses.replace(SMALL, core="linear", steps=3)
    twin = Twin(settings).fit(sessions[:2])
    readouts = adapt(twin, sessions[2], FEW)
    responses = ImageResponses.of(twin, readouts)
    found = exciting_images(responses, ImageSettings(smoothness=0.0, restarts=1, steps=60, contrast=0.2))
    kernel = np.asarray(twin.core_["params"]["part_0"]["kernel"])
    filters = readouts.tensor(twin).sum(1)[:, 0] @ kernel.T
    images = (found.images.reshape(6, -1) - responses.center) / responses.scale
    assert np.linalg.norm(images, axis=1) == pytest.approx(0.2 * 12, rel=1e-4)
    cosines = (images * filters).sum(1) / np.linalg.norm(images, axis=1) / np.linalg.norm(filters, axis=1)
    assert cosines == pytest.approx(np.ones(6), abs=1e-4)
    assert (found.response >= found.to_grey).all()


def test_exciting_images_raise_the_predicted_rate(twin, readouts, animals):
    found = exciting_images(ImageResponses.of(twin, readouts), ImageSettings(restarts=2, steps=20))
    assert found.images.shape == (6, 12, 12, 1) and (found.response > found.to_grey).all()
    gabors, alike = animals[2].nearest(found.images[..., 0])
    assert gabors.shape == (6, 12, 12) and np.median(alike) > 0.3


@pytest.mark.parametrize("likelihood", ["gaussian", "elu"])
def test_images_explain_calcium_as_they_do_spikes(likelihood, animals, tmp_path):
    random, unit, found = np.random.default_rng(0), 10.0 ** np.arange(-2, 4), []
    for one in animals:
        rates = one.rates / one.rates.std(0)
        signals = rates + 0.7 * random.standard_normal(rates.shape)
        signals = np.maximum(signals, 0.0) if likelihood == "elu" else signals - 2
        found.append(one.session.with_counts(signals * unit))
    settings = dataclasses.replace(SMALL, likelihood=likelihood, slow_state=False, steps=40)
    twin = Twin(settings).fit(found[:2])
    readouts = adapt(twin, found[2], FEW, 1.5)
    assert readouts.likelihood == likelihood and readouts.scale.shape == (6,)
    away = np.linalg.norm(pixels(readouts.place, twin) - animals[2].place, axis=1)
    assert np.median(away) < 1.0
    rows = twin.windows(found[2]).rows[readouts.fitted_rows :]
    predicted = readouts.predict(twin, found[2])[readouts.fitted_rows :]
    assert np.median(correlation(found[2].counts[rows], predicted)) > 0.3
    # files know the likelihood, and places
    save_readouts(readouts, tmp_path / "r.safetensors")
    read = load_readouts(tmp_path / "r.safetensors")
    again = read.predict(twin, found[2])[readouts.fitted_rows :]
    assert np.allclose(again / unit, predicted / unit, atol=1e-4)
    # responses are in the unit of each neuron's signal
    images = exciting_images(ImageResponses.of(twin, read), ImageSettings(restarts=1, steps=20))
    least, most = found[2].counts.min(0), found[2].counts.max(0)
    assert (images.response > images.to_grey).all()
    assert ((least < images.to_grey) & (images.response < most)).all()


def test_the_response_to_a_still_image_is_what_readouts_predict(twin, readouts, sessions):
    still = np.broadcast_to(sessions[2].streams[0].values[7], (400, 144)).reshape(400, 12, 12)
    shown = dataclasses.replace(
        sessions[2],
        streams=(Stream.images("movie", still),),
        counts=np.zeros((400, 6)),
        piece=np.zeros(400, int),
        table={},
    )
    coefficients = readouts.coefficients.copy()
    coefficients[-4:-1] = 0  # of the slow state
    alone = dataclasses.replace(readouts, coefficients=coefficients)
    responses = ImageResponses.of(twin, alone)
    image = ((still[0].ravel() - responses.center) / responses.scale).astype(np.float32)
    drives = np.array([responses.drive(responses.params, image, one) for one in responses.weights])
    hz = alone.predict(twin, shown)[0] / shown.bin_seconds
    assert np.allclose(responses.of_drives(drives), hz, rtol=1e-3)


def test_a_gabor_function_is_nearest_to_itself(animals):
    one = animals[0]
    gabors, alike = one.nearest(one.filters[:, 0])
    assert np.allclose(gabors, one.filters[:, 0]) and np.allclose(alike, 1)
    # of a complex cell the phase does not count, of a simple one it does
    _, shifted = one.nearest(one.filters[:, 1])
    assert (shifted[one.is_complex] > 0.99).all() and (shifted[~one.is_complex] < 0.9).all()


def test_columns_of_images_tell_their_shape(rng):
    frames = rng.standard_normal((4, 3, 5, 2))
    session = dataclasses.replace(
        behavior(0, 1), streams=(Stream.images("eye", np.resize(frames, (100, 3, 5, 2))),)
    )
    assert image_shape(session.layout) == (3, 5, 2) and image_shape(behavior(0).layout) is None
    grid = FeatureGrid((4, 5, 2), kernel=3)
    assert len(grid.names) == len(grid.places) == len(grid.pixels) == 6
    assert np.allclose(grid.places.mean(0), 0) and derivatives(grid).shape == (18, 30)
    # a feature sees the same pixels relative to its position
    assert np.ptp(np.diff(grid.pixels, axis=0)[[0, 1, 3, 4]]) == 0


def test_other_images_are_refused_in_one_line(twin, readouts, sessions, animals):
    smaller = Stream.images("movie", animals[2].session.streams[0].values.reshape(-1, 12, 12)[:, :10])
    other = dataclasses.replace(sessions[2], streams=(smaller,))
    with pytest.raises(InputError, match=r"images of 10 x 12 pixels, the twin of 12 x 12 pixels; resize"):
        adapt(twin, other, FEW)
    with pytest.raises(InputError, match=r"images of 10 x 12 pixels, session movie of animal 0 of 12 x 12"):
        require_alike([sessions[0], other])
    with pytest.raises(InputError, match=r"sees one stream of images, and the streams are joints"):
        Twin(SMALL).fit([behavior(0), behavior(1)])
    with pytest.raises(InputError, match=r"12 x 12 pixels are smaller than the kernel of 13 pixels; lower"):
        Twin(dataclasses.replace(SMALL, kernel=13)).fit(sessions[:2])
    with pytest.raises(InputError, match=r"has 2 axes \(9, 4\); images have the axes bins, height, width"):
        Stream.images("movie", np.zeros((9, 4)))
    with pytest.raises(InputError, match=r"images of shape \(0, 4\), without a pixel"):
        Stream.images("movie", np.zeros((9, 0, 4)))
    with pytest.raises(InputError, match=r"have places in an image; take `Twin.features_at`"):
        twin.features(sessions[2], 4)
    with pytest.raises(InputError, match=r"are of images; take `ImageResponses`"):
        RateModel.of(twin, readouts)


def test_images_beside_other_streams_and_broken_frames_are_refused(twin, sessions):
    first = sessions[0]
    beside = [
        dataclasses.replace(one, streams=(*one.streams, Stream.named("speed", one.counts[:, :1])))
        for one in sessions
    ]
    with pytest.raises(InputError, match=r"sees one stream of images, and the streams are movie, speed"):
        Twin(SMALL).fit(beside[:2])
    with pytest.raises(InputError, match=r"has streams movie, speed, the twin has movie"):
        adapt(twin, beside[2], FEW)
    frames = first.streams[0].values.reshape(-1, 12, 12).copy()
    frames[17, 3, 4] = np.nan
    with pytest.raises(InputError, match=r"stream 'movie' is not finite in bin 17; fill the gap"):
        dataclasses.replace(first, streams=(Stream.images("movie", frames),))
    with pytest.raises(InputError, match=r"numbers of bins differ: movie 9"):
        dataclasses.replace(first, streams=(Stream.images("movie", frames[:9]),))
    grey = Stream.images("movie", np.ones_like(frames))
    still = [dataclasses.replace(one, streams=(grey,)) for one in sessions[:2]]
    with pytest.raises(InputError, match=r"all 144 columns of the streams are constant"):
        Twin(SMALL).fit(still)
    with pytest.raises(InputError, match=r"kernel is 0; it must be at least 1"):
        dataclasses.replace(SMALL, kernel=0)


def test_an_exciting_image_needs_a_twin_of_images():
    sessions = [behavior(seed) for seed in range(2)]
    counts = np.random.default_rng(0).poisson(1.0, (sessions[0].n_bins, 1))
    heard = [one.with_counts(counts) for one in sessions]
    fitted = Twin(dataclasses.replace(SMALL, core="linear", steps=2)).fit(heard)
    with pytest.raises(InputError, match=r"the twin sees joints, and an exciting image is of a twin"):
        ImageResponses.of(fitted, adapt(fitted, heard[0], FEW))
    with pytest.raises(InputError, match=r"smoothness is -1; it must be zero or more"):
        ImageSettings(smoothness=-1)
