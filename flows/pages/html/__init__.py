"""What all pages are made of: the shell, parts, charts as SVG, Markdown with its HTML form."""
