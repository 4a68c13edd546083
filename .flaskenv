# Read by `.venv/bin/flask` (python-dotenv), so that commands need no options.
FLASK_APP=citizen_app.app:create_app
