"""Pages for people: Markdown with its HTML twin, and charts as SVG."""
