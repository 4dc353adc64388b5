"""Rules about the conditions of stages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promote.pipeline.lint.rules import Hit, Rule, hit
from promote.pipeline.lint.steps import Pipeline, pipelines, references
from promote.pipeline.lint.view import Bundle, Node

_RESULTS = {
    "BeforeEntry": ("FAIL", "SKIP"),
    "OnSuccess": ("ROLLBACK", "FAIL"),
    "OnFailure": ("ROLLBACK", "RETRY"),
}
_MOST_RULES = 5
_LONGEST_VALUE, _LONGEST_KEY = 10_000, 50
# What each provider needs, and what else it takes.
_PROVIDERS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "CloudWatchAlarm": (frozenset({"AlarmName"}), frozenset({"AlarmStates", "WaitTime"})),
    "CodeBuild": (
        frozenset({"ProjectName"}),
        frozenset({"PrimarySource", "BatchEnabled", "CombineArtifacts", "EnvironmentVariables"}),
    ),
    "Commands": (frozenset(), frozenset()),
    "DeploymentWindow": (frozenset({"Cron"}), frozenset({"TimeZone"})),
    "LambdaInvoke": (frozenset({"FunctionName"}), frozenset({"UserParameters"})),
    "VariableCheck": (frozenset({"Variable", "Operator", "Value"}), frozenset()),
}
_OPERATORS = ("EQ", "NE", "CONTAINS", "MATCHES")
_SKIPPING = ("VariableCheck", "LambdaInvoke")


def _conditions(pipeline: Pipeline) -> Iterator[tuple[int, str, Node]]:
    """Yield every condition with the number of its stage, and when it is looked at."""
    for index, stage in enumerate(pipeline.stages):
        for moment in _RESULTS:
            for each in stage.at(moment, "Conditions").each():
                yield index, moment, each


def _rules(bundle: Bundle) -> Iterator[Node]:
    for pipeline in pipelines(bundle):
        for _, _, condition in _conditions(pipeline):
            yield from condition.at("Rules").each()


def _provider(rule: Node) -> str:
    return rule.at("RuleTypeId", "Provider").text or ""


def _results(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        for index, moment, each in _conditions(pipeline):
            result, allowed = each.at("Result"), _RESULTS[moment]
            if result.text not in allowed:
                yield hit(result, result=result.text, moment=moment, allowed=" or ".join(allowed))
            elif index == 0 and result.text == "ROLLBACK":
                yield hit(result, result="ROLLBACK", moment="The source stage", allowed="FAIL")


def _numbers(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        for stage in pipeline.stages:
            for moment in _RESULTS:
                listed = stage.at(moment, "Conditions")
                if len(listed.each()) > 1:
                    yield hit(listed, count=len(listed.each()), what="conditions", most=1)
        for _, _, each in _conditions(pipeline):
            count = len(each.at("Rules").each())
            if not 1 <= count <= _MOST_RULES:
                yield hit(each.at("Rules"), count=count, what="rules", most="1 to 5")


def _unknown(bundle: Bundle) -> Iterator[Hit]:
    for each in _rules(bundle):
        kind = each.at("RuleTypeId")
        version = kind.at("Version").text
        is_known = kind.at("Category").text == "Rule" and _provider(each) in _PROVIDERS
        if not is_known or kind.at("Owner").text not in (None, "AWS") or version not in (None, "1"):
            yield hit(kind, provider=_provider(each), known=", ".join(_PROVIDERS))


def _keys(bundle: Bundle) -> Iterator[Hit]:
    for each in _rules(bundle):
        if _provider(each) not in _PROVIDERS:
            continue
        needed, taken = _PROVIDERS[_provider(each)]
        given = dict(each.at("Configuration").fields())
        for key in sorted(given.keys() - needed - taken):
            yield hit(given[key], key=key, provider=_provider(each), what="does not take")
        for key in sorted(needed - given.keys()):
            node = each.at("Configuration", key)
            yield hit(node, key=key, provider=_provider(each), what="needs")


def _long(bundle: Bundle) -> Iterator[Hit]:
    for each in _rules(bundle):
        for key, value in each.at("Configuration").fields():
            if len(value.text or "") > _LONGEST_VALUE or len(key) > _LONGEST_KEY:
                yield hit(value, key=key, length=len(value.text or ""))


def _checks(bundle: Bundle) -> Iterator[Node]:
    found = (each for each in _rules(bundle) if _provider(each) == "VariableCheck")
    return (each.at("Configuration") for each in found)


def _operators(bundle: Bundle) -> Iterator[Hit]:
    for each in _checks(bundle):
        operator = each.at("Operator")
        if not operator.missing and operator.text not in _OPERATORS:
            yield hit(operator, operator=operator.text)


def _patterns(bundle: Bundle) -> Iterator[Hit]:
    for each in _checks(bundle):
        pattern = each.at("Value")
        if each.at("Operator").text != "MATCHES" or pattern.text is None:
            continue
        try:
            re.compile(pattern.text)
        except re.error as error:
            yield hit(pattern, pattern=pattern.text, reason=f"is no regular expression: {error}")
            continue
        if not (pattern.text.startswith("^") and pattern.text.endswith("$")):
            yield hit(pattern, pattern=pattern.text, reason="does not say where a value ends")


def _skips(bundle: Bundle) -> Iterator[Hit]:
    """Find stages that are skipped otherwise than an approval of an empty plan is."""
    for pipeline in pipelines(bundle):
        for index, _, each in _conditions(pipeline):
            if each.at("Result").text == "SKIP" and not _only_if_empty(pipeline, index, each):
                yield hit(each, stage=pipeline.stages[index].at("Name").text)


def _only_if_empty(pipeline: Pipeline, stage: int, condition: Node) -> bool:
    """Say whether a stage is one of approvals and skipped just when its own plan is empty."""
    actions = [each for each in pipeline.actions() if each.stage == stage]
    texts = [each.configuration.at("CustomData").text or "" for each in actions]
    plans = {one.partition(".")[0] for each in texts for one in references(each) if "DIGEST" in one}
    rules = condition.at("Rules").each()
    found = [
        [each.at("Configuration", key).text for key in ("Variable", "Operator", "Value")]
        for each in rules
        if _provider(each) in _SKIPPING
    ]
    allowed = [[f"#{{{plan}.CHANGES}}", "NE", "0"] for plan in plans]
    is_approval = all(each.category == "Approval" for each in actions)
    return is_approval and len(found) == len(rules) == 1 and found[0] in allowed


def _unguarded(bundle: Bundle) -> Iterator[Hit]:
    """Find stages that get a digest which nobody looked at on the way in."""
    for pipeline in pipelines(bundle):
        for action in pipeline.actions():
            for each in references(action.passed.get("PLAN_DIGEST", "")):
                stage = pipeline.stages[action.stage]
                guards = _guards(stage)
                if f"#{{{each}}}" not in guards:
                    yield hit(stage, said=f"#{{{each}}}", stage=stage.at("Name").text)


def _guards(stage: Node) -> set[str | None]:
    """Return the variables that a stage is not entered with unless they have a form."""
    conditions = [
        each
        for each in stage.at("BeforeEntry", "Conditions").each()
        if each.at("Result").text == "FAIL"
    ]
    rules = [one for each in conditions for one in each.at("Rules").each()]
    checks = [each.at("Configuration") for each in rules]
    return {each.at("Variable").text for each in checks if each.at("Operator").text == "MATCHES"}


def _unchecked(bundle: Bundle) -> Iterator[Hit]:
    """Find variables, which whoever starts an execution chooses, that nothing looks at."""
    for pipeline in pipelines(bundle):
        checked: set[str | None] = set()
        for index, stage in enumerate(pipeline.stages):
            checked |= _guards(stage)
            for action in (each for each in pipeline.actions() if each.stage == index):
                for text in action.configuration.walk():
                    used = {
                        f"#{{{e}}}" for e in references(text.text or "") if e[:10] == "variables."
                    }
                    for each in sorted(used - checked):
                        yield hit(text, said=each)


RULES = (
    Rule(
        id="PL401",
        holds="A condition has a result of its kind: an entry fails or is skipped, and so on.",
        source="CodePipeline user guide, How do stage conditions work?",
        message="{moment} cannot have the result {result}; expected {allowed}.",
        remedy="Use a result that this kind of condition has.",
        check=_results,
    ),
    Rule(
        id="PL402",
        holds="A stage has one condition of a kind, with 1 to 5 rules.",
        source="CodePipeline API reference, BeforeEntryConditions and Condition",
        message="There are {count} {what}; CodePipeline takes {most}.",
        remedy="Put the rules into one condition, which has one result for all of them.",
        check=_numbers,
    ),
    Rule(
        id="PL403",
        holds="A rule is of a provider that there is.",
        source="CodePipeline user guide, Rule structure reference",
        message="{provider} provides no rules; these do: {known}.",
        remedy="Write RuleTypeId as the reference does.",
        check=_unknown,
    ),
    Rule(
        id="PL404",
        holds="A rule has the keys that its provider needs, and no other.",
        source="CodePipeline user guide, Rule structure reference",
        message="{key} is a key that {provider} {what}.",
        remedy="Spell keys as the reference of the rule does.",
        check=_keys,
    ),
    Rule(
        id="PL405",
        holds="A value of a rule has at most 10,000 characters, its key at most 50.",
        source="CodePipeline API reference, RuleDeclaration",
        message="The value of {key} has {length} characters; 10,000 are the most, 50 of a key.",
        remedy="Shorten it.",
        check=_long,
    ),
    Rule(
        id="PL406",
        holds="VariableCheck compares with EQ, NE, CONTAINS or MATCHES.",
        source="CodePipeline user guide, VariableCheck",
        message="VariableCheck has no operator {operator}.",
        remedy="Use EQ, NE, CONTAINS or MATCHES.",
        check=_operators,
    ),
    Rule(
        id="PL407",
        holds="A pattern is a regular expression from ^ to $.",
        source="CodePipeline user guide, VariableCheck: no word on whether MATCHES means all of it",
        message="The pattern {pattern} {reason}.",
        remedy="Begin it with ^ and end it with $.",
        check=_patterns,
    ),
    Rule(
        id="PL408",
        holds="Nothing is skipped but an approval, and that only if its own plan is empty.",
        source="A skipped stage counts as passed: what is skipped by mistake is never missed",
        message="{stage} is skipped otherwise than as an approval of a plan without changes.",
        remedy='Skip an approval unless "#{{Plan-ENVIRONMENT.CHANGES}}" NE "0"; else use FAIL.',
        check=_skips,
    ),
    Rule(
        id="PL409",
        holds="A stage that applies a plan is entered only with a digest of 64 hex digits.",
        source="CodePipeline user guide, Stage conditions",
        message="{stage} is entered whatever {said} is.",
        remedy="Add a VariableCheck with MATCHES before entry, with the result FAIL.",
        check=_unguarded,
    ),
    Rule(
        id="PL410",
        holds="What whoever starts an execution chooses is checked before anybody is given it.",
        source="CodePipeline puts values into the JSON of EnvironmentVariables as they are",
        message="{said} is used before any stage checked its form.",
        remedy="Check it on the way into the first stage that follows the source.",
        check=_unchecked,
    ),
)
