"""Who does something: a person at the desk, an operator on behalf of a person, or a part of the program."""

import msgspec

from access_policy.model.enums import Component
from access_policy.model.ids import PersonId
from access_policy.model.texts import OperatorText


class Actor(msgspec.Struct, frozen=True):
    """Who a command or an event comes from.

    `operator` is the login name of the one who typed the command on the machine; for four eyes the operator and the
    `person` they act for count as one. `step_up` is the id of the second factor that allowed it: the one given at the
    login under which a person acts. An operator and a part of the program have none.
    """

    person: PersonId | None = None
    operator: OperatorText | None = None
    component: Component | None = None
    step_up: str | None = None

    @property
    def unproven(self) -> bool:
        """Say whether this is a person who acts for themselves without a step-up."""
        return self.person is not None and self.operator is None and not self.step_up

    @property
    def proven(self) -> bool:
        """Say whether this is a person who acts for themselves, after a step-up."""
        return self.person is not None and self.operator is None and self.component is None and bool(self.step_up)

    def __str__(self) -> str:
        """Return the actor as the log shows it: `P-1`, `operator NAME, on behalf of P-1` or `component hub`."""
        if self.operator is not None:
            return f"operator {self.operator}, on behalf of {self.person or 'nobody'}"
        if self.person is not None:
            return str(self.person)
        return f"component {self.component}"


def person(identifier: PersonId, step_up: str | None = None) -> Actor:
    """Return the actor for a person who acts for themselves, after a step-up where its id is given."""
    return Actor(person=identifier, step_up=step_up)


def component(part: Component) -> Actor:
    """Return the actor for a part of the program that acts in its own name."""
    return Actor(component=part)


def operator(name: str, on_behalf_of: PersonId) -> Actor:
    """Return the actor for an operator of the machine who acts for a person."""
    return Actor(person=on_behalf_of, operator=name)
