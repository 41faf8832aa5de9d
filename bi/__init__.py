"""What BI tools open as code. Reads the published file alone; nothing else of this project imports it."""
