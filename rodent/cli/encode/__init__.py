"""`rodent encode`: regress neurons on the units of a network, or on any features of what it did."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from analysis.encoding.settings import EncodingSettings
from analysis.neural.settings import QualitySettings
from rodent.cli.session import SessionArguments, open_sessions
from rodent.errors import InputError

if TYPE_CHECKING:
    from rodent.cli.encode.sessions import Models
    from rodent.cli.session import OpenSession


@dataclasses.dataclass(frozen=True)
class Encode(SessionArguments):
    """Score how well the units of a layer, or other features, predict the spikes of neurons.

    The score is in Poisson bits per spike on held-out blocks of the session. The score on time-shifted
    spikes, which is what slow drift alone reaches, is subtracted.

    Example: rodent encode walk.h5 spikes.npz --layer decoder/layer_0 --layer latent/mean
    """

    layer: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Layer to regress on; may be given several times."""
    features: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Bands of one model, separated by commas: joints, velocities, keypoints, forces, contacts, position,
    heading, speed, history (each neuron's own past spikes), or a layer; may be given several times. `all` is
    each band by itself."""
    unique: bool = False
    """Also score what each layer adds to --kinematics and the neuron's own past."""
    controls: bool = False
    """Also score the controls of each --layer: the same layer of a network with random weights, the encoder's
    input, and the coming reference. The recording must be made with `rodent rollout --controls`."""
    kinematics: str = "joints,velocities"
    """The base bands of --unique, at the lags of --base-lags."""
    animal: tuple[str, ...] = ()
    """Animal of each session, in their order: intervals are then over sessions within animals. By default
    each session is an animal of its own."""
    settings: tyro.conf.OmitArgPrefixes[EncodingSettings] = dataclasses.field(
        default_factory=EncodingSettings
    )
    quality: tyro.conf.OmitArgPrefixes[QualitySettings] = dataclasses.field(default_factory=QualitySettings)
    partition: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A set of bands, separated by commas; give it two to five times. The score of all sets together is
    divided into the parts unique to each set and the parts that several share."""
    lag_scan: str | None = None
    """First lag, last lag and step, seconds, as in `--lag-scan=-0.5:0.5:0.1`: score every model with all
    its features at each of these lags, and test the best."""
    group: str | None = None
    """Column of the units table, such as `region`: also score the neurons of each of its entries by
    themselves. `rodent spikes` lists the columns."""
    neurons: bool = False
    """Also print a table of all neurons."""
    json: bool = False
    """Print one JSON object instead of tables."""
    out: Path | None = None
    """Folder for encoding.json and the figures, SVG and PNG; created if missing."""
    tables: Literal["csv", "parquet"] | None = None
    """Also write tables to --out, in this format: `neurons`, every score; `rates`, spikes and held-out
    predicted rates of every bin; `coefficients` of every fold, per standardised unit of the feature; and
    `tuning`, rates against speed, heading, turning and heights. parquet requires the extra `parquet`."""
    nwb_out: Path | None = None
    """Copy of the session's NWB file to write, with every neuron's scores, p and q as columns of its units
    table. The original is not changed."""

    def run(self) -> None:
        """Read, regress and print."""
        from rodent.cli.encode.drawings import write
        from rodent.cli.encode.files import require_nwb, write_nwb, write_tables
        from rodent.cli.encode.groups import Groups
        from rodent.cli.encode.lagscan import LagScans
        from rodent.cli.encode.partition import Partition
        from rodent.cli.encode.results import Found, to_json
        from rodent.cli.encode.sessions import regress
        from rodent.cli.encode.tables import print_neurons, print_summary, print_tables
        from rodent.files import require_room_for_folder
        from rodent.pages.output import print_json, say
        from rodent.pages.tables import require_table_format
        from rodent.progress import progress

        if self.out is not None:
            require_room_for_folder(self.out)
        if self.tables is not None:
            if self.out is None:
                raise InputError(f"--tables {self.tables} are written to --out; name a folder")
            require_table_format(self.out / f"neurons.{self.tables}")
        with open_sessions(self) as opened:
            models = self._models(opened)
            if self.nwb_out is not None:
                require_nwb(opened, self.nwb_out, models)
            total = len(opened) * models.n_fits(self.settings)
            with progress("regressing", total=total, unit="fits") as advance:
                results = [
                    regress(one, self, models, animal, advance)
                    for one, animal in zip(opened, self._animals(len(opened)), strict=True)
                ]
        found = Found(self, models, tuple(results))
        for name, reason in found.dropped:
            say(f"neuron {name} is left out: {reason}")
        for note in found.notes:
            say(note)
        groups = None if self.group is None else Groups(found)
        partition = Partition(found) if models.partition else None
        page = to_json(found) | {"partition": partition and partition.to_json()}
        scans = LagScans(found) if models.scan else None
        page |= {"lag_scan": scans and scans.to_json()}
        page |= {"group_by": self.group, "groups": groups.to_json() if groups else []}
        if self.out is not None:
            write(self.out, page, found, scans)
            say(f"wrote {self.out / 'encoding.json'} and the figures beside it")
            if self.tables is not None:
                paths = write_tables(self.out, self.tables, found, partition, scans)
                say(f"wrote {', '.join(path.name for path in paths)}")
        if self.nwb_out is not None:
            write_nwb(self.nwb_out, found)
            say(f"wrote {self.nwb_out}")
        if self.json:
            print_json(page)
            return
        print_summary(found)
        if partition is not None:
            print_tables([partition.table()])
        if scans is not None:
            print_tables([scans.table()])
        if groups is not None and self.group is not None:
            print_tables(groups.tables(self.group))
        if self.neurons:
            print_neurons(found)

    def _animals(self, n: int) -> tuple[str, ...]:
        """Whose sessions they are; each of its own if nobody says."""
        if self.animal and len(self.animal) != n:
            raise InputError(
                f"--animal names {len(self.animal)} animals, and there are {n} sessions; name one each"
            )
        return self.animal or tuple(f"animal of session {i}" for i in range(n))

    def _models(self, opened: "Sequence[OpenSession]") -> "Models":
        """What neurons are regressed on, checked against what was recorded.

        Raises:
            InputError: nothing is asked for, or a layer or band is unknown.
        """
        from analysis.encoding.bands import BANDS, HISTORY, require_band
        from rodent.cli.encode.sessions import Models
        from rodent.recording.controls import control_layers

        if not (self.layer or self.features or self.partition):
            raise InputError(
                "no --layer is given, and no --features; name at least one layer of the recording"
            )
        if self.unique and not self.layer:
            raise InputError("--unique is what layers add; name at least one --layer")
        if self.controls and not self.layer:
            raise InputError("--controls are those of layers; name at least one --layer")
        controls = control_layers(self.layer) if self.controls else ()
        layers = tuple(dict.fromkeys((*self.layer, *controls)))
        for session in opened:
            session.require_layers(self.layer)
            for rollout in session.rollouts:
                place = session.place(rollout)
                if lacking := [name for name in controls if name not in rollout.layers]:
                    raise InputError(f"{place} has no {lacking[0]}; record with: rodent rollout --controls")
                asked = (*_split(self.features), *_split(self.partition))
                for band in (*asked, *(_split((self.kinematics,)) if self.unique else ())):
                    if band != "all":
                        require_band(band, rollout, rollout.layers, place)
        sets: list[tuple[str, ...]] = [(layer,) for layer in layers]
        for text in self.features:
            sets += [(name,) for name in (*BANDS, HISTORY)] if text == "all" else [_split((text,))]
        partition = tuple(_split((text,)) for text in self.partition)
        _check_partition(partition)
        # each set is a model by itself, too, with its null
        sets += partition
        base = tuple(dict.fromkeys((*_split((self.kinematics,)), HISTORY)))
        return Models(
            tuple(dict.fromkeys(sets)),
            layers if self.unique else (),
            base,
            partition,
            self._scan(sets),
        )

    def _scan(self, sets: Sequence[tuple[str, ...]]) -> tuple[float, ...]:
        """The lags to scan."""
        from analysis.encoding.bands import HISTORY
        from analysis.encoding.lagscan import read_lags

        if self.lag_scan is None:
            return ()
        if (HISTORY,) in sets:
            raise InputError("--lag-scan moves features in time, and history has none; leave this model out")
        return read_lags(self.lag_scan)


def _check_partition(sets: tuple[tuple[str, ...], ...]) -> None:
    """Refuse sets that have no parts of their own.

    Raises:
        InputError: there is one set or too many, or a band is in two of them.
    """
    from analysis.encoding.partition import MOST_SETS

    if sets and not 2 <= len(sets) <= MOST_SETS:
        raise InputError(f"--partition is given {len(sets)} times; 2 to {MOST_SETS} sets can be partitioned")
    bands = [band for names in sets for band in names]
    for band in bands:
        if band == "all":
            raise InputError("--partition all names no set; name the bands of each set")
        if bands.count(band) > 1:
            raise InputError(f"--partition has the band {band!r} twice; sets have no band in common")


def _split(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for text in texts for name in text.split(","))
