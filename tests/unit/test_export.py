"""Networks written for other programs are the network: read back, nothing is lost or added."""

import igraph
import networkx as nx
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import lockstep_table

from claqueur.errors import CaseError, SettingError
from claqueur.pipeline import detect
from claqueur.publish.export import export_network
from claqueur.publish.privacy import Pseudonyms
from claqueur.results import Result

KEY = Pseudonyms(b"k" * 32)
HOSTILE = "<a&\"b'>]]> ünï"


def planted() -> pl.DataFrame:
    """A group of twelve, a pair, and in each a name that XML must escape."""
    pair = pl.DataFrame(
        [(n, f"wall-9_{o}", 1_600_000_000 + 50 * o) for o in range(6) for n in ("p1", HOSTILE)],
        schema=["account_id", "object_id", "timestamp"],
        orient="row",
    )
    return pl.concat([lockstep_table(), pair])


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> Result:
    path = tmp_path_factory.mktemp("export") / "events.parquet"
    planted().write_parquet(path)
    return detect(path, window="45s", min_objects=5)


@pytest.fixture(scope="module")
def several(tmp_path_factory) -> Result:
    path = tmp_path_factory.mktemp("export") / "events.parquet"
    planted().write_parquet(path)
    return detect(path, window=["15s", "120s"], min_objects=5)


def known(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if value is not None}


def expected_edges(result: Result) -> dict[frozenset[str], dict[str, object]]:
    rows = [known(row) for row in result.pairs.to_dicts()]
    return {frozenset((row.pop("account_a"), row.pop("account_b"))): row for row in rows}


def expected_nodes(result: Result) -> dict[str, dict[str, object]]:
    ends = {*result.pairs["account_a"], *result.pairs["account_b"]}
    members = {row["account_id"]: known(row) for row in result.accounts.to_dicts()}
    return {end: members.get(end, {"account_id": end}) for end in ends}


def check(nodes: dict[str, dict], edges: dict[frozenset[str], dict], result: Result) -> None:
    assert {frozenset(pair) for pair in edges} == set(expected_edges(result))
    for pair, attributes in expected_edges(result).items():
        assert {k: edges[pair][k] for k in attributes} == attributes
    assert set(nodes) == set(expected_nodes(result))
    for name, attributes in expected_nodes(result).items():
        assert nodes[name]["label"] == name
        for column in ("group_id", "weight"):
            assert nodes[name].get(column) == attributes.get(column)


def check_networkx(graph: nx.Graph, result: Result) -> None:
    assert not graph.is_directed()
    edges = {frozenset((a, b)): data for a, b, data in graph.edges(data=True)}
    assert len(edges) == graph.number_of_edges() == result.pairs.height
    check(dict(graph.nodes(data=True)), edges, result)


class TestGraphFiles:
    def test_gexf_in_networkx(self, result, tmp_path):
        assert export_network(result, tmp_path / "n.gexf") == [tmp_path / "n.gexf"]
        check_networkx(nx.read_gexf(tmp_path / "n.gexf"), result)

    def test_graphml_in_networkx(self, result, tmp_path):
        export_network(result, tmp_path / "n.graphml")
        check_networkx(nx.read_graphml(tmp_path / "n.graphml"), result)

    def test_graphml_in_igraph(self, result, tmp_path):
        export_network(result, tmp_path / "n.graphml")
        graph = igraph.Graph.Read_GraphML(str(tmp_path / "n.graphml"))
        assert not graph.is_directed()
        assert graph.ecount() == result.pairs.height
        # Labels, because igraph does not decode "&" in the ids of nodes.
        names = graph.vs["label"]
        nodes = {node["label"]: node.attributes() for node in graph.vs}
        edges = {
            frozenset((names[edge.source], names[edge.target])): edge.attributes()
            for edge in graph.es
        }
        check(nodes, edges, result)

    def test_the_whole_network_is_there(self, result, tmp_path):
        """A guard of the tests above: two groups, and a name that needs escaping."""
        export_network(result, tmp_path / "n.gexf")
        graph = nx.read_gexf(tmp_path / "n.gexf")
        assert nx.number_connected_components(graph) == 2
        assert HOSTILE in graph
        assert len({data["group_id"] for _, data in graph.nodes(data=True)}) >= 2

    @pytest.mark.parametrize("ending", ["gexf", "graphml"])
    def test_no_edge_at_all(self, tmp_path, ending):
        lockstep_table().write_csv(tmp_path / "events.csv")
        empty = detect(tmp_path / "events.csv", window="1s", min_objects=8)
        export_network(empty, tmp_path / f"n.{ending}")
        graph = getattr(nx, f"read_{ending}")(tmp_path / f"n.{ending}")
        assert len(graph) == 0

    @pytest.mark.parametrize("ending", ["gexf", "graphml"])
    def test_characters_that_xml_does_not_have(self, tmp_path, ending):
        table = lockstep_table().with_columns(account_id=pl.lit("7\x01") + pl.col("account_id"))
        table.write_parquet(tmp_path / "events.parquet")
        result = detect(tmp_path / "events.parquet", window="120s", min_objects=5)
        export_network(result, tmp_path / f"n.{ending}")
        graph = getattr(nx, f"read_{ending}")(tmp_path / f"n.{ending}")
        assert graph.number_of_edges() == result.pairs.height == 66


class TestTables:
    def test_parquet(self, result, tmp_path):
        written = export_network(result, tmp_path / "n.parquet")
        assert [path.name for path in written] == ["n.parquet", "n-accounts.parquet"]
        assert_frame_equal(pl.read_parquet(written[0]), result.pairs)
        accounts = pl.read_parquet(written[1])
        assert_frame_equal(accounts, result.accounts, check_row_order=False)

    def test_csv(self, result, tmp_path):
        written = export_network(result, tmp_path / "n.csv")
        assert [path.name for path in written] == ["n.csv", "n-accounts.csv"]
        edges = pl.read_csv(written[0], schema=result.pairs.schema)
        assert_frame_equal(edges, result.pairs)
        accounts = pl.read_csv(written[1], schema=result.accounts.schema)
        assert_frame_equal(accounts, result.accounts, check_row_order=False)


class TestChoosing:
    def test_several_networks_need_a_name(self, several, tmp_path):
        for number in (0, 3, -1):
            with pytest.raises(SettingError) as caught:
                export_network(several, tmp_path / "n.csv", network=number)
            assert "--network: 1 = any within 15s; 2 = any within 2m" in str(caught.value)
        assert list(tmp_path.iterdir()) == []

    def test_each_is_itself(self, several, tmp_path):
        for number, window in ((1, 15_000), (2, 120_000)):
            path = tmp_path / f"{number}.parquet"
            edges, accounts = map(pl.read_parquet, export_network(several, path, network=number))
            assert_frame_equal(edges, several.pairs.filter(window_ms=window))
            groups = several.groups.filter(window_ms=window)["group_id"]
            assert set(accounts["group_id"].drop_nulls()) == set(groups)
            assert accounts["account_id"].is_unique().all()

    @pytest.mark.parametrize("name", ["n.txt", "n", "n.gexf.gz"])
    def test_unknown_endings(self, result, tmp_path, name):
        with pytest.raises(SettingError, match=r"the ending names the format; use \.gexf"):
            export_network(result, tmp_path / name)

    @pytest.mark.parametrize(
        ("there", "wanted"),
        [("n.gexf", "n.gexf"), ("n.csv", "n.csv"), ("n-accounts.parquet", "n.parquet")],
    )
    def test_what_exists_is_not_overwritten(self, result, tmp_path, there, wanted):
        (tmp_path / there).write_text("mine")
        with pytest.raises(CaseError, match=f"{there}: exists; choose another name"):
            export_network(result, tmp_path / wanted)
        assert [path.name for path in tmp_path.iterdir()] == [there]
        assert (tmp_path / there).read_text() == "mine"


class TestPseudonyms:
    @pytest.mark.parametrize("ending", ["gexf", "graphml", "csv"])
    def test_no_id_is_left(self, result, tmp_path, ending):
        ids = set(expected_nodes(result))
        for path in export_network(result, tmp_path / f"n.{ending}", pseudonyms=KEY):
            text = path.read_text()
            assert all(KEY.of(account) in text for account in ids)
            assert not [account for account in ids if len(account) > 2 and account in text]
            assert "ünï" not in text

    def test_no_id_is_left_in_parquet(self, result, tmp_path):
        edges, accounts = export_network(result, tmp_path / "n.parquet", pseudonyms=KEY)
        assert_frame_equal(
            pl.read_parquet(edges).drop("account_a", "account_b"),
            result.pairs.drop("account_a", "account_b"),
        )
        shown = dict(pl.read_parquet(accounts).select("account_id", "group_id").iter_rows())
        assert shown == {
            KEY.of(account): group
            for account, group in result.accounts.select("account_id", "group_id").iter_rows()
        }
