"""What tests of web pages share: a headless Chromium, and axe to look for faults in accessibility."""
