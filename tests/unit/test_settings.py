import pytest
from pydantic import ValidationError

from sco_pipeline.settings import Settings, default_catalog_dir


def test_the_catalog_of_the_project_is_the_default():
    assert (default_catalog_dir() / "variables.yaml").is_file()


def test_environment_variables_set_fields(monkeypatch, tmp_path):
    monkeypatch.setenv("SCO_OUTPUT_DIR", str(tmp_path))
    monkeypatch.setenv("SCO_LIMITS__ATTEMPTS", "2")
    monkeypatch.setenv("SCO_TOKENS__EARTHDATA", "secret")
    settings = Settings()
    assert settings.output_dir == tmp_path
    assert settings.limits.attempts == 2
    assert settings.tokens["earthdata"].get_secret_value() == "secret"


def test_a_token_is_never_shown(monkeypatch):
    monkeypatch.setenv("SCO_TOKENS__EARTHDATA", "secret")
    settings = Settings()
    assert "secret" not in repr(settings) + settings.model_dump_json()


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValidationError, match="output_dri"):
        Settings(output_dri="x")
