"""Stage `embed`: from cleaned reviews to the vectors of items and users, and imputed prices."""
