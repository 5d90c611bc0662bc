"""An aim that is missed is printed as such."""

from rich.console import Console

from tools.bench.targets import at_least, at_most, target_table


def test_the_table_says_which_aims_are_met() -> None:
    console = Console(width=100, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(
            target_table([at_most("s", 1, 2), at_least("orders", 1, 2), at_most("ms", None, 2)])
        )
    ends = [line.split("│")[-2].strip() for line in captured.get().splitlines() if "│" in line]
    assert ends == ["met", "NOT met", "-"]
