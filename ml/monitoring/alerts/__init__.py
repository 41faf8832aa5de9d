"""From findings to alerts and from alerts to messages: pure functions, no warehouse and no channel."""
