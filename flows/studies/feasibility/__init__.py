"""The measured half of a design document: counting, trying out, costing, drawing, writing."""
