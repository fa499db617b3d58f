import pytest

from tests.analysis.neural.files import Workshop


@pytest.fixture
def workshop(tmp_path) -> Workshop:
    return Workshop(tmp_path)
