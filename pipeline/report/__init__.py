"""Stage `report` and the notebooks of report/: measured numbers as tables, charts and sentences."""
