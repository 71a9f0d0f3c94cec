"""Numbers in words: right translations, and test numbers that are never seen."""

import collections

import num2words
import pytest

from kerasapps.data.text import numbers as numbers_in_words
from kerasapps.errors import InputError

UNITS = """zero one two three four five six seven eight nine ten eleven twelve
thirteen fourteen fifteen sixteen seventeen eighteen nineteen"""
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def number_of(words):
    """The number that English words say, by their meaning."""
    units, tens = UNITS.split(), TENS.split()
    total = part = 0
    for word in words.replace("-", " ").replace(",", "").split():
        if word in units:
            part += units.index(word)
        elif word in tens:
            part += 20 + 10 * tens.index(word)
        elif word == "hundred":
            part *= 100
        elif word == "thousand":
            total, part = 1000 * part, 0
        else:
            assert word == "and"
    return total + part


@pytest.fixture(scope="module")
def data():
    return numbers_in_words.load("en", "de", 2000)


def numbers(sentences):
    return [number_of(words) for words in sentences.source]


def test_each_pair_says_the_same_number(data):
    assert data.name == "numbers_en_de"
    assert (data.source_language, data.target_language) == ("en", "de")
    for split in (data.train, data.validation, data.test):
        for number, german in zip(numbers(split)[:200], split.target, strict=False):
            assert german == num2words.num2words(number, lang="de")
    pairs = dict(zip(data.train.source, data.train.target, strict=True))
    assert pairs["twenty-one"] == "einundzwanzig"
    assert pairs["zero"] == "null"


def test_held_out_numbers_are_never_seen(data):
    splits = [numbers(split) for split in (data.train, data.validation, data.test)]
    assert [len(split) for split in splits] == [2000, 500, 500]
    together = [number for split in splits for number in split]
    assert len(set(together)) == 3000
    assert set(range(100)) <= set(splits[0])
    assert min(splits[1] + splits[2]) >= 100
    assert max(together) < 1_000_000
    for split in splits[1:]:
        # A quarter of 500, give or take four standard deviations of less than 10.
        digits = collections.Counter(len(str(number)) for number in split)
        assert set(digits) == {3, 4, 5, 6}
        assert all(85 < count < 165 for count in digits.values())


def test_round_numbers_are_learned_and_not_asked_for(data):
    found = {5 * 10**power for power in range(6)} | {0, 47, 4700, 470_000}
    assert not found & {
        number for split in (data.validation, data.test) for number in numbers(split)
    }
    many = collections.Counter(numbers(numbers_in_words.load("en", "de", 8_000).train))
    assert {many[number] for number in found} == {2}
    # 100 below 100, and of 10 to 99 tens, hundreds, thousands and ten thousands.
    assert sum(count == 2 for count in many.values()) == 100 + 4 * 90
    assert set(many.values()) == {1, 2}


def test_the_seed_alone_chooses_what_is_held_out(data):
    more = numbers_in_words.load("en", "de", 2400)
    assert more.test == data.test
    assert more.validation == data.validation
    assert more.train.source[:2000] == data.train.source
    assert numbers_in_words.load("en", "de", 101, seed=1).test != data.test


def test_what_can_not_be_had():
    with pytest.raises(InputError, match="unknown language 'ed'; did you mean"):
        numbers_in_words.load("en", "ed")
    with pytest.raises(InputError, match="at most 999,000"):
        numbers_in_words.load("en", "de", 1_000_000)
    with pytest.raises(InputError, match="choose more than 100"):
        numbers_in_words.load("en", "de", 100)
    # num2words knows Amharic, but not all of its numbers.
    with pytest.raises(InputError, match=r"no words for \d+ in language 'am'"):
        numbers_in_words.load("en", "am", 101)
