"""How a control of the viewer's page calls the session."""

from collections.abc import Callable
from typing import Any

OnUser = Callable[[Callable[[], None]], Callable[[Any], None]]
"""Makes of an action what a control calls: the action is done before the next frame, and only where a user
has moved the control. See `rodent.view.page.Page`."""
