"""What the company pays: one file for each origin, every one of them ending in a `records.BillBatch`."""
