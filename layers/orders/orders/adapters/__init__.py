"""The application's ports implemented with AWS services. Only this package calls AWS."""
