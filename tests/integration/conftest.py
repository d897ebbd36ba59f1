"""Products of the embedded recipes and a store of objects, made once for all tests."""

import pytest

from tests.servers import FaultServer


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The settings and the three embedded products, made by the library alone."""
    import sco_pipeline as sco

    root = tmp_path_factory.mktemp("made")
    settings = sco.Settings(cache_dir=root / "cache", output_dir=root / "outputs")
    recipes = ("equatorial-sst", "darwin-soi-trend", "mediterranean-sea-level")
    return settings, {recipe: sco.run(recipe, settings) for recipe in recipes}


@pytest.fixture(scope="session")
def store():
    """Address of a moto server, which speaks S3."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def a():
    """A server on loopback that plays faults."""
    with FaultServer() as server:
        yield server


@pytest.fixture
def b():
    """Another one, on another address."""
    with FaultServer("127.0.0.2") as server:
        yield server
