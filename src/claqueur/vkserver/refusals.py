"""The errors the server answers with, by VK's numbers."""

from __future__ import annotations

MESSAGES = {
    3: "Unknown method passed",
    5: "User authorization failed: no access_token passed",
    6: "Too many requests per second",
    8: "Invalid request",
    12: "Unable to compile code",
    13: "Runtime error occurred during code invocation",
    15: "Access denied",
    18: "User was deleted or banned",
    19: "Content blocked",
    27: "Group authorization failed: method is unavailable with group auth",
    28: "Application authorization failed: method is unavailable with service token",
    29: "Rate limit reached",
    30: "This profile is private",
    100: "One of the parameters specified was missing or invalid",
    113: "Invalid user id",
    125: "Invalid group id",
    203: "Access to group denied",
    212: "Access to post comments denied",
}
"""What the numbers mean, in a few words; details follow after a colon."""


class VkError(Exception):
    """An answer that is an error, in VK's sense: the client gets it with HTTP status 200."""

    def __init__(self, code: int, detail: str = "") -> None:
        self.code = code
        self.message = f"{MESSAGES[code]}: {detail}" if detail else MESSAGES[code]
        super().__init__(self.message)
