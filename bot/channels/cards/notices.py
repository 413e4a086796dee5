"""What everybody should know at the moment, and the first words to somebody new."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.cards import parts
from bot.channels.cards.size import Card
from bot.channels.cards.words import is_rtl, line_of, literal, name, prose, shortened
from bot.support.notices import Notice, Proposal

_MOST_TEXT = 3_000
_EXAMPLES = 3


def notice_card(title: str, text: str, since: str, by: str) -> Card:
    """A known problem or announcement; `text` is Markdown of the one who gave it out."""
    given = " · ".join(
        part for part in (f"Since {literal(line_of(since))}" if since else "", name(by) if by else "") if part
    )
    body = [parts.text("Notice", size="Small", color="Warning", weight="Bolder"), parts.heading(shortened(title, 200))]
    body += [parts.text(prose(shortened(text, _MOST_TEXT)), spacing="Small")] if text.strip() else []
    body += [parts.subtle(given)] if given else []
    return parts.card(body, fallback=f"Notice: {title}. {text}", rtl=is_rtl(f"{title} {text}"), rest="The rest is cut.")


def pinned_card(notice: Notice, until: str) -> Card:
    """A notice for sheriffs, with what may be done about it."""
    told = f"Until {literal(line_of(until))} · pinned by {name(notice.by)} · notice {notice.number}"
    body = [parts.text("Notice", size="Small", color="Warning", weight="Bolder"), parts.heading(notice.title)]
    body += [parts.text(prose(shortened(notice.text, _MOST_TEXT)), spacing="Small")] if notice.text else []
    actions = [parts.action("End it now", "end_notice", {"notice": notice.number, "seen": notice.version})]
    longer = {"notice": notice.number, "seen": notice.version}
    actions.append(parts.action("4 h from now", "prolong_notice", longer))
    return parts.card([*body, parts.subtle(told)], actions, fallback=f"Notice: {notice.title}", rest="The rest is cut.")


def proposal_card(proposal: Proposal) -> Card:
    """Questions that rise, for the sheriffs: one tap pins a notice."""
    body = [
        parts.text("Rising", size="Small", color="Warning", weight="Bolder"),
        parts.heading(f"{proposal.sentence} ask this"),
        parts.written(shortened(proposal.question, 500)),
        parts.subtle("Pinned, the notice stands above the answer of everybody who asks alike, for 4 hours."),
    ]
    given = {"proposal": proposal.number}
    actions = [parts.action("Pin", "pin_notice", given, positive=True)]
    actions.append(parts.action("No notice", "no_notice", given))
    return parts.card(body, actions, fallback=f"{proposal.sentence} ask: {proposal.question}")


def welcome_card(platform: str, docs: str, examples: Sequence[str], *, by_name: bool) -> Card:
    """What Sheriff does and how to begin; among several people it hears for sure only what mentions it."""
    how = "Mention **@Sheriff** with a question" if by_name else "Write a question in your own words"
    body = [
        parts.heading(f"Sheriff answers questions about {platform}"),
        parts.text(f"{how}: the answer comes from {literal(line_of(docs))} and names the page.", spacing="Small"),
        parts.text("Paste or attach YAML to have it checked, with line, reason and fix.", spacing="Small"),
        parts.text("What is not written there goes to the duty sheriff, with a ticket.", spacing="Small"),
    ]
    shown = [line_of(each) for each in examples if each.strip()][:_EXAMPLES]
    if shown and by_name:
        body.append(parts.section([parts.small("**For example**"), *(parts.written(f"@Sheriff {e}") for e in shown)]))
    actions = [] if by_name else [parts.saying(each) for each in shown]
    does = f"Sheriff answers questions about {platform} from {docs}"
    fallback = f"{does}, checks YAML, and asks the duty sheriff what is not written there."
    return parts.card(body, actions, fallback=fallback)


def help_card(platform: str, docs: str, commands: Sequence[tuple[str, str]]) -> Card:
    """What Sheriff does, and the words that do something else than ask; each command with what it gives."""
    body = [
        parts.heading(f"Sheriff answers questions about {platform}"),
        parts.text(
            f"Ask in your own words: the answer comes from {literal(line_of(docs))} and names the page.",
            spacing="Small",
        ),
        parts.text("Paste or attach YAML, or a .zip of a deployment repository, to have it checked.", spacing="Small"),
        parts.section([parts.text(f"**{words}** · {gives}", spacing="Small") for words, gives in commands]),
    ]
    listed = "; ".join(f"{words}: {gives}" for words, gives in commands)
    return parts.card(body, fallback=f"Ask about {platform} in your own words, or say {listed}")
