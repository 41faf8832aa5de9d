-- One row per scored shop, instant and model version.
{{ predictions('big_sale') }}
