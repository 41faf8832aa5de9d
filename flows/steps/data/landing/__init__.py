"""Landing: files become rows of landed tables, or are refused, from the declaration of a dbt source alone."""
