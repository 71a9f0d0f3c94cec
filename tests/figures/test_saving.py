import matplotlib.image
import pytest
from matplotlib.figure import Figure

from kerasapps.figures.saving import save


def test_a_png_is_written_into_a_new_folder(tmp_path):
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([1, 2])
    save(figure, tmp_path / "figures" / "line.png")
    height, width, _ = matplotlib.image.imread(tmp_path / "figures" / "line.png").shape
    assert 100 < height < width
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["line.png"]


def test_an_old_figure_stays_where_drawing_fails(tmp_path):
    path = tmp_path / "line.png"
    save(Figure(figsize=(2, 1)), path)
    before = path.read_bytes()
    figure = Figure()
    figure.subplots().set_title("$\\nonsense{$")
    with pytest.raises(ValueError, match="nonsense"):
        save(figure, path)
    assert path.read_bytes() == before
