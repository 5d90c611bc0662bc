"""DynamoDB and EventBridge behind the application's ports: the only code that knows boto3."""
