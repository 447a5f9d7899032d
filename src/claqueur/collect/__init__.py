"""What is collected from platforms: through official APIs, reading only, within their limits."""
