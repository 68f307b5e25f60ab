"""The options of a choice in the language that is spoken: a person types their words, their numbers, or what the site
file writes."""

from __future__ import annotations

from collections.abc import Sequence

from riskset.catalogue import ENGLISH, Message, say
from riskset.language import told
from riskset_site.data.width import in_one_width
from riskset_site.mapping.proposal import Choice

_WITH_WORDS = {"below_limit": "limit", "above_limit": "limit", "take": "take", "comma": "comma", "several": "several"}


def option_meant(choice: Choice, text: str) -> str:
    """Returns the option that a person means; the text itself where it is none."""
    if choice.is_factor:
        return text
    word = in_one_width(text).casefold()
    for option in choice.options:
        if word in {option.casefold(), option.rpartition(":")[2].casefold(), *_words(choice, option)}:
            return option
    return one_of(word, choice.options, text) or text


def option_shown(choice: Choice, option: str) -> str:
    """Returns an option as a person reads it."""
    message = _message(choice, option)
    return option if message is None else told(message).split(", ")[0]


def options_shown(choice: Choice) -> str:
    """Returns all options with their numbers, and what a text is under each."""
    if choice.is_factor:
        return " / ".join(choice.options)
    examples = choice.examples or ("",) * len(choice.options)
    pairs = zip(choice.options, examples, strict=True)
    found = ((option_shown(choice, option), f" ({example})" if example else "") for option, example in pairs)
    return " / ".join(f"{n} {word}{example}" for n, (word, example) in enumerate(found, 1))


def one_of(text: str, options: Sequence[str], default: str) -> str | None:
    """Returns the option that a person means by its name or number; None where it is none."""
    if not text:
        return default
    for option in options:
        if in_one_width(option) == text:
            return option
    return options[int(text) - 1] if text.isdecimal() and 0 < int(text) <= len(options) else None


def listed(words: Message) -> tuple[str, ...]:
    """Returns the words of a sentence that lists them, in the language that is spoken and in English."""
    return tuple(word.casefold() for text in (told(words), words.in_language(ENGLISH)) for word in text.split(", "))


def _words(choice: Choice, option: str) -> tuple[str, ...]:
    message = _message(choice, option)
    return () if message is None else listed(message)


def _message(choice: Choice, option: str) -> Message | None:
    """Returns the words for an option; None for a text of the export, a format or a number."""
    if choice.id == "dates.partial":
        return say(f"site.map.option.partial_{option.rpartition(':')[2]}")
    group = _WITH_WORDS.get(choice.id.rpartition(".")[2])
    return None if group is None else say(f"site.map.option.{group}_{option}")
