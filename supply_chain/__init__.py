"""What the project is built from: known vulnerabilities of its locked packages."""
