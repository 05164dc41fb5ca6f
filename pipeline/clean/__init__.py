"""Stage `clean`: from raw reviews in any form to `clean_df.pq`."""
