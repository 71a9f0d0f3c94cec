"""Corpora of translations, whatever they come from."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from kerasapps.data.text.corpus import Sentences
from kerasapps.data.text.loading import load
from kerasapps.errors import InputError


def write(folder, name, *lines):
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    """Three languages in three splits."""
    root = tmp_path / "my text"
    for language, word in (("en", "dog"), ("de", "Hündchen"), ("fr", "chien")):
        for split, count in (("train", 4), ("validation", 2), ("test", 1)):
            lines = [f"{word} {split} {i}" for i in range(count)]
            write(root, f"{language}.{split}", *lines)
    return root


class TinyTranslate(tfds.core.GeneratorBasedBuilder):
    """Pairs in two languages; without a split to validate on."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [  # noqa: RUF012
        tfds.core.BuilderConfig(name="en-de", version="1.0.0")
    ]
    SPLITS = {"train": 30, "test": 3}  # noqa: RUF012
    FEATURES = tfds.features.Translation(["en", "de"])

    def _info(self):
        return tfds.core.DatasetInfo(builder=self, features=self.FEATURES)

    def _split_generators(self, dl_manager):
        return {name: self._examples(size) for name, size in self.SPLITS.items()}

    def _generate_examples(self):
        raise NotImplementedError

    def _examples(self, size):
        for i in range(size):
            yield i, {"en": f"hat {i}", "de": f"Hüte {i}"}


class TinyTranslateTestOnly(TinyTranslate):
    """Nothing to train on."""

    SPLITS = {"test": 3}  # noqa: RUF012


class TinyTranslateNotPrepared(TinyTranslate):
    """Its preparation fails."""

    def _split_generators(self, dl_manager):
        raise ConnectionError("no route to host\nsecond line")


class TinyNoTranslation(TinyTranslate):
    """Texts that are no translations."""

    FEATURES = tfds.features.FeaturesDict(
        {"en": tfds.features.Text(), "label": tfds.features.Scalar(np.int64)}
    )


def test_folder(folder):
    data = load(f"folder:{folder}", "de", "en")
    assert data.name == "my_text_de_en"
    assert (data.source_language, data.target_language) == ("de", "en")
    assert data.validation == Sentences(
        ["Hündchen validation 0", "Hündchen validation 1"],
        ["dog validation 0", "dog validation 1"],
    )
    assert len(data.train.source) == len(data.train.target) == 4
    assert data.test == Sentences(["Hündchen test 0"], ["dog test 0"])


def test_folder_is_read_as_tensorflow_datasets_does(folder):
    data = load(f"folder:{folder}", "fr", "de")
    builder = tfds.folder_dataset.TranslateFolder(str(folder))
    examples = list(builder.as_dataset(split="train").as_numpy_iterator())
    assert [e["fr"].decode() for e in examples] == data.train.source
    assert [e["de"].decode() for e in examples] == data.train.target


@pytest.mark.parametrize("name", ["val", "valid", "dev"])
def test_splits_by_their_usual_names(folder, name, caplog):
    wanted = load(f"folder:{folder}", "en", "de")
    for language in ("en", "de"):
        for split, other in (("train", "training"), ("validation", name)):
            file = folder / f"{language}.{split}.txt"
            file.rename(folder / f"{language}.{other}.txt")
    assert load(f"folder:{folder}", "en", "de") == wanted
    assert not caplog.messages


def test_files_that_are_no_splits_are_counted(folder, caplog):
    wanted = load(f"folder:{folder}", "en", "de")
    for name in ("en.heldout", "en.dev", "de.dev", "xx.heldout"):
        write(folder, name, "a")
    assert load(f"folder:{folder}", "en", "de") == wanted
    assert caplog.messages == [
        "passed over: 3 files of the two languages that are none of the splits taken "
        "(the first is de.dev.txt)"
    ]
    # A split that only one language has isn't taken before one that both have.
    (folder / "de.dev.txt").unlink()
    assert load(f"folder:{folder}", "en", "de") == wanted


def test_ends_of_lines_and_signs_within(folder):
    source = "\ufeffone\r\n two\u2028more\x0cstill \r\nthree\r\nfour"
    (folder / "en.train.txt").write_bytes(source.encode())
    data = load(f"folder:{folder}", "en", "de")
    assert data.train.source == ["one", " two\u2028more\x0cstill ", "three", "four"]


def test_pairs_with_a_blank_sentence_are_left_out(folder, caplog):
    write(folder, "en.train", "one", "", "three", "four")
    write(folder, "de.train", "eins", "zwei", " ", "vier")
    data = load(f"folder:{folder}", "en", "de")
    assert data.train == Sentences(["one", "four"], ["eins", "vier"])
    assert caplog.messages == [
        f"passed over: 2 pairs of {folder} of which a sentence is blank (the first is "
        "pair 2 of 'train')"
    ]


@pytest.mark.parametrize("missing", [["validation"], ["test"], ["validation", "test"]])
def test_missing_splits_are_held_out(folder, missing):
    write(folder, "en.train", *(f"en {i}" for i in range(50)))
    write(folder, "de.train", *(f"de {i}" for i in range(50)))
    for split in missing:
        for language in ("en", "de", "fr"):
            (folder / f"{language}.{split}.txt").unlink()
    data = load(f"folder:{folder}", "en", "de")
    splits = [data.train, *(getattr(data, split) for split in missing)]
    assert [len(s.source) for s in splits] == [50 - 5 * len(missing)] + [5] * len(
        missing
    )
    together = [pair for s in splits for pair in zip(s.source, s.target, strict=True)]
    assert sorted(together) == sorted((f"en {i}", f"de {i}") for i in range(50))
    assert load(f"folder:{folder}", "en", "de") == data


def test_too_few_pairs_to_hold_out(folder):
    for language in ("en", "de"):
        (folder / f"{language}.test.txt").unlink()
    with pytest.raises(InputError, match=r"no split 'test', and 4 .* add the split"):
        load(f"folder:{folder}", "en", "de")


def test_folder_errors(folder, tmp_path):
    def error(source="en", target="de", path=folder):
        with pytest.raises(InputError) as raised:
            load(f"folder:{path}", source, target)
        assert "\n" not in str(raised.value)
        return str(raised.value)

    assert "no folder ''" in error(path="")
    assert "no folder" in error(path=folder / "none")
    assert "no training sentences" in error(path=tmp_path)
    assert "unknown language 'xx' in" in error(target="xx")
    assert "there are: de, en, fr" in error(target="xx")
    (folder / "de.train.txt").rename(tmp_path / "de")
    assert "there is no de.train.txt in" in error()
    (tmp_path / "de").rename(folder / "de.train.txt")
    (folder / "de.validation.txt").unlink()
    assert "en.validation.txt is there, but not de.validation.txt" in error()
    assert "fr.validation.txt is there" in error("de", "fr")
    write(folder, "fr.train", "un", "deux")
    assert "en.train.txt has 4 lines and fr.train.txt has 2" in error("en", "fr")
    (folder / "fr.train.txt").write_bytes(b"\n \n")
    assert "fr.train.txt is empty" in error("en", "fr")
    (folder / "fr.train.txt").write_bytes(b"")
    assert "fr.train.txt is empty" in error("en", "fr")
    (folder / "fr.train.txt").write_bytes(b"un\ndeux\n\xe9t\xe9\nquatre\n")
    assert "fr.train.txt, line 3 isn't UTF-8" in error("en", "fr")
    write(folder, "fr.train", "un", "", "", "")
    write(folder, "en.train", "", "two", "three", "four")
    assert "split 'train' of" in error("en", "fr")


def test_tensorflow_datasets(tmp_path):
    data = load("tiny_translate/en-de", "de", "en", str(tmp_path))
    assert data.name == "tiny_translate_en-de_de_en"
    sizes = [len(s.source) for s in (data.train, data.validation, data.test)]
    assert sizes == [27, 3, 3]
    for split in (data.train, data.validation, data.test):
        for source, target in zip(split.source, split.target, strict=True):
            assert source.split()[0] == "Hüte"
            assert source.split()[1] == target.removeprefix("hat ")
    assert sorted(data.test.target) == ["hat 0", "hat 1", "hat 2"]
    assert load("tiny_translate", "de", "en", str(tmp_path)) == data
    half = load("tiny_translate", "de", "en", str(tmp_path), "train[:50%]")
    assert [len(s.source) for s in (half.train, half.validation)] == [14, 1]
    both = {*half.train.source, *half.validation.source}
    assert both < {*data.train.source, *data.validation.source}
    assert half.test == data.test


@pytest.mark.parametrize(
    ("dataset", "split", "message"),
    [
        ("tiny_translate", "trian", "has no split 'trian'; write one of train, test"),
        ("tiny_translate", "train[:x]", r"has no split 'train\[:x\]'; write one of"),
        ("tiny_translate", "train[:0]", r"split 'train\[:0\]' of .* is empty"),
        ("numbers", "train[:1%]", r"for data sets of TensorFlow Datasets.* 'numbers'"),
        ("folder:pairs", "train", "for data sets of TensorFlow Datasets.* leave it"),
    ],
)
def test_errors_of_the_training_split(dataset, split, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load(dataset, "en", "de", str(tmp_path), split)


@pytest.mark.parametrize(
    ("dataset", "target", "message"),
    [
        ("tiny_translate/en-de", "fr", "unknown language of dataset .*: de, en"),
        ("tiny_translate/en-fr", "de", r"unknown config of tiny_translate 'en-fr'"),
        ("tiny_translat", "de", "unknown dataset 'tiny_translat'; did you mean"),
        ("numbres", "de", "unknown dataset 'numbres'; did you mean .*numbers"),
        ("tiny_no_translation", "de", "isn't translations of sentences: .*en, label"),
        ("tiny_translate_test_only", "de", "has the splits test; choose"),
        ("tiny_translate_not_prepared", "de", "ConnectionError: no route to host$"),
    ],
)
def test_tensorflow_datasets_errors(dataset, target, message, tmp_path):
    with pytest.raises(InputError, match=message) as error:
        load(dataset, "en", target, str(tmp_path))
    assert "\n" not in str(error.value)


def test_numbers():
    data = load("numbers:150", "fr", "en")
    assert data.name == "numbers_fr_en"
    assert len(data.train.source) == 150
    assert data.train.source[71] == "soixante et onze"
    assert data.train.target[71] == "seventy-one"
    with pytest.raises(InputError, match="as in numbers:5000"):
        load("numbers:many", "fr", "en")


def test_one_language_only():
    with pytest.raises(InputError, match="both 'en'; choose two"):
        load("numbers", "en", "en")
